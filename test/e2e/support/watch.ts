import { type Alertmanager, startAlertmanager } from '../../../src/dev/tools/alertmanager.ts';
import { findTools } from '../../../src/dev/tools/find.ts';
import { type Prometheus, startPrometheus } from '../../../src/dev/tools/prometheus.ts';
import { type Controller, TOKEN } from '../../support/system/controller.ts';
import type { SystemOfProcesses } from '../../support/system/system.ts';

type More = { readonly controllers?: readonly string[]; readonly alertmanager?: string };

/** Prometheus over the system's replicas, once it has scraped each. */
export async function watchByPrometheus({ directory, replicas }: SystemOfProcesses, more?: More): Promise<Prometheus> {
  const program = (await findTools()).require('prometheus');
  const prometheus = await startPrometheus({ program, directory, services: replicas.adminAddresses, ...more });
  await prometheus.untilScraped();
  return prometheus;
}

/** Alertmanager with the controller as its receiver. */
export async function tellByAlertmanager({ directory }: SystemOfProcesses, { url }: Controller): Promise<Alertmanager> {
  const program = (await findTools()).require('alertmanager');
  return startAlertmanager({ program, directory, webhookUrl: `${url}/api/alerts`, token: TOKEN });
}
