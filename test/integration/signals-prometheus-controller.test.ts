import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type PrometheusStandIn, type StandInSeries, startPrometheusStandIn } from '../support/prometheus-api.ts';
import { FLAG } from '../support/system/flags.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages: [{ percent: 50, observe: 1h }]
guards: [{ name: errors, measure: error-rate, limit: 1%, onBreach: off }]
`;
const [A, B] = ['10.0.0.1:8081', '10.0.0.2:8081'];

let system: SystemHere;
let prometheus: PrometheusStandIn;

beforeEach(async () => {
  system = await startSystem();
  prometheus = await startPrometheusStandIn();
});
afterEach(async () => {
  await prometheus[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

type Scraped = { readonly percent: number; readonly startedAt?: number };

/** What Prometheus has scraped just now, of each replica. */
function scraped(replicas: Readonly<Record<string, Scraped>>): void {
  const at = Date.now() / 1_000;
  prometheus.series = Object.entries(replicas).flatMap(([instance, { percent, startedAt = 1_000 }]) => {
    const one = (name: string, value: number, labels = {}): StandInSeries => ({
      metric: { __name__: name, job: 'sluice', instance, ...labels },
      values: [[at, String(value)]],
    });
    return [
      one('sluice_flag_percent', percent, { rollout: 'violation-status' }),
      one('sluice_breaker_open', 0, { rollout: 'violation-status' }),
      one('process_start_time_seconds', startedAt),
      one('up', 1),
    ];
  });
}

async function startedAt50() {
  scraped({ [A]: { percent: 0 }, [B]: { percent: 0 } });
  const controller = await system.startController({
    plan: PLAN,
    env: { SIGNALS: 'prometheus', SCRAPE_TARGETS: '', PROMETHEUS_URL: prometheus.url },
  });
  await controller.untilReady();
  await controller.command('start');
  scraped({ [A]: { percent: 50 }, [B]: { percent: 50 } });
  await controller.untilConfirmed(50);
  return controller;
}

test('a replica that Prometheus leaves out, and that served a moment ago, is waited for after a rollback', async () => {
  const controller = await startedAt50();
  await controller.command('rollback');
  scraped({ [A]: { percent: 0 } });
  const { change } = await controller.untilStatus(
    'it waits for one',
    (status) => status.change?.waitingFor.length === 1,
  );
  assert.deepEqual([change?.confirmedAt, change?.waitingFor], [null, [`${B} (left)`]]);
  scraped({ [A]: { percent: 0 }, [B]: { percent: 0 } });
  await controller.untilConfirmed(0);
});

test('a replica that crashes again and again drops the flag, as Prometheus has its starts', async () => {
  const controller = await startedAt50();
  for (const restarts of [1, 2]) {
    scraped({ [A]: { percent: 50 }, [B]: { percent: 50, startedAt: 1_000 + restarts } });
    await controller.untilStatus(`${restarts} restarts are seen`, ({ verdicts }) =>
      verdicts.some(({ guard, value }) => guard === 'restarts' && value === restarts),
    );
  }
  scraped({ [A]: { percent: 50 }, [B]: { percent: 50, startedAt: 1_003 } });
  const { text } = await controller.untilJournal('rolled-back', 0);
  assert.match(text, new RegExp(`guard restarts by prometheus .*${B} restarted 3 times, at 00:16:41`));
});
