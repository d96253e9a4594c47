import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Prometheus } from '../../src/dev/tools/prometheus.ts';
import { until } from '../../src/dev/until.ts';
import { startSystemOfProcesses } from '../support/system/system.ts';
import { startLoad } from './support/k6.ts';
import { planOf } from './support/plans.ts';
import { assertNoClientError, assertOff, startHealthyAt } from './support/steps.ts';
import { findTestTools } from './support/tools.ts';
import { tellByAlertmanager, watchByPrometheus } from './support/watch.ts';

/** Whichever signal reports a breach, the flag falls to 0 % on every replica. */
const tools = await findTestTools();
const PLAN = planOf({ percent: 25, observe: '10m' });
const SLOW = { domain: { delayMs: 400 } };

test('a slow domain path drops the flag on every replica by scrapes alone, and no client sees an error', {
  skip: tools.skipWithout('k6'),
}, async () => {
  await using system = await startSystemOfProcesses();
  const controller = await system.startController({ plan: PLAN });
  await using load = await startLoad(system);
  await startHealthyAt(25, controller);

  await system.replicas.setFaults(SLOW);
  await controller.until('rolled-back', 0);
  await controller.untilConfirmed(0);
  await assertOff(system);
  const { text } = await controller.untilJournal('rolled-back', 0);
  assert.match(text, /from 25 % to 0 %: guard p95 by scrape found/);
  assertNoClientError(await load.finish());
});

test('domain errors in one of five requests at 25 % drop the flag, and fallback answers every client', {
  skip: tools.skipWithout('k6'),
}, async () => {
  await using system = await startSystemOfProcesses();
  const controller = await system.startController({ plan: PLAN });
  await using load = await startLoad(system);
  await startHealthyAt(25, controller);

  await system.replicas.setFaults({ domain: { errorPercent: 20 } });
  await controller.until('rolled-back', 0);
  await controller.untilConfirmed(0);
  await assertOff(system);
  const { text } = await controller.untilJournal('rolled-back', 0);
  assert.match(text, /from 25 % to 0 %: guard errors by scrape found/);
  const summary = await load.finish();
  assertNoClientError(summary);
  assert.ok(summary.decisions.fallback > 0, 'domain failed under clients');
});

test('a slow domain path drops the flag on every replica by Prometheus alone', {
  skip: tools.skipWithout('k6', 'prometheus'),
}, async () => {
  await using system = await startSystemOfProcesses();
  await using prometheus = await watchByPrometheus(system);
  const env = { SIGNALS: 'prometheus', PROMETHEUS_URL: prometheus.url, SCRAPE_TARGETS: '' };
  const controller = await system.startController({ plan: PLAN, env });
  await using load = await startLoad(system);
  await startHealthyAt(25, controller);

  await system.replicas.setFaults(SLOW);
  await controller.until('rolled-back', 0, 20_000);
  await controller.untilConfirmed(0);
  await assertOff(system);
  const { text } = await controller.untilJournal('rolled-back', 0);
  assert.match(text, /from 25 % to 0 %: guard p95 by prometheus found/);
  assertNoClientError(await load.finish());
});

test("a slow domain path drops the flag on every replica by Alertmanager alone, with the project's rules and routing", {
  skip: tools.skipWithout('k6', 'prometheus', 'alertmanager'),
}, async () => {
  await using system = await startSystemOfProcesses();
  const controller = await system.startController({ plan: PLAN, env: { SIGNALS: 'alerts' } });
  await using alertmanager = await tellByAlertmanager(system, controller);
  await using prometheus = await watchByPrometheus(system, {
    controllers: [controller.address],
    alertmanager: alertmanager.address,
  });
  await using load = await startLoad(system);
  await controller.untilReady();
  // Without a signal of its own it begins nothing; a person may.
  await assert.rejects(controller.command('start'), /no source has been read|no source says/);
  await system.flags.set(25);
  await controller.until('observing', 25);
  await controller.untilConfirmed(25);
  await until('Prometheus has seen healthy domain requests', async () => (await domainRate(prometheus)) > 10, 20_000);
  assert.deepEqual(await prometheus.firing(), []);
  assert.equal(await system.flags.percent(), 25);

  await system.replicas.setFaults(SLOW);
  await controller.until('rolled-back', 0, 20_000);
  await controller.untilConfirmed(0);
  await assertOff(system);
  const { text, actor } = await controller.untilJournal('rolled-back', 0);
  assert.equal(actor, 'alertmanager');
  assert.match(text, /from 25 % to 0 %: alert Sluice/);
  assertNoClientError(await load.finish());
});

async function domainRate(prometheus: Prometheus): Promise<number> {
  const [sample] = await prometheus.query('sum(rate(sluice_path_requests_total{path="domain",outcome="ok"}[5s]))');
  return sample?.value ?? 0;
}
