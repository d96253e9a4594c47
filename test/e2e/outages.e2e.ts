import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';
import { startSystemOfProcesses } from '../support/system/system.ts';
import { startLoad } from './support/k6.ts';
import { planOf } from './support/plans.ts';
import { assertNoClientError, assertOff, startHealthyAt } from './support/steps.ts';
import { findTestTools } from './support/tools.ts';
import { watchByPrometheus } from './support/watch.ts';

/** What a promotion needs may be away; a rollback needs none of it. */
const tools = await findTestTools();
const ERRORS = { domain: { errorPercent: 20 } };

test('nothing is promoted while Prometheus is gone, and a breach that scrapes see still drops the flag', {
  skip: tools.skipWithout('k6', 'prometheus'),
}, async () => {
  const observeMs = 4_000;
  await using system = await startSystemOfProcesses();
  await using prometheus = await watchByPrometheus(system);
  const plan = planOf({ percent: 10, observe: `${observeMs}ms` }, { percent: 25, observe: '10m' });
  const env = { SIGNALS: 'scrape,prometheus', PROMETHEUS_URL: prometheus.url };
  const controller = await system.startController({ plan, env });
  await using load = await startLoad(system);
  await controller.untilReady();
  await controller.command('start');
  await controller.untilStatus('the stage counts', ({ healthyMs }) => (healthyMs ?? 0) > 0, 30_000);

  await prometheus.process.kill();
  const goneSinceMs = Date.now();
  const held = await controller.untilStatus(
    'the stage has had its time twice over',
    ({ at }) => Date.parse(at) - goneSinceMs > observeMs * 2,
    20_000,
  );
  assert.deepEqual([held.state.phase, held.state.percent], ['observing', 10]);
  assert.ok((held.healthyMs ?? 0) < observeMs, `${held.healthyMs} ms counted`);
  assert.match(held.holding ?? '', /\(prometheus\) is source-error/);
  assert.deepEqual(await system.replicas.servedPercents(), [10, 10]);

  await system.replicas.setFaults(ERRORS);
  await controller.until('rolled-back', 0, 20_000);
  await controller.untilConfirmed(0);
  await assertOff(system);
  assert.match(
    (await controller.untilJournal('rolled-back', 0)).text,
    /from 10 % to 0 %: guard errors by scrape found/,
  );
  assertNoClientError(await load.finish());
});

test('a breach drops the flag while the database of the journal is away, and the journal reports it afterwards', {
  skip: tools.skipWithout('k6'),
}, async () => {
  await using system = await startSystemOfProcesses();
  const proxy = system.use(await startDatabaseProxy(system.database.url));
  const plan = planOf({ percent: 25, observe: '10m' });
  const controller = await system.startController({ plan, env: { DATABASE_URL: proxy.url } });
  await using load = await startLoad(system);
  await startHealthyAt(25, controller);

  await proxy.goAway();
  await controller.untilStatus('it sees that', ({ controller: { journal } }) => journal === 'away');
  await assert.rejects(controller.command('promote'), /answered 503/);
  await system.replicas.setFaults(ERRORS);
  await until('the flag is off', async () => (await system.flags.percent()) === 0, 20_000);
  await controller.untilConfirmed(0);
  await assertOff(system);
  const rollbacks = () => system.database.query("SELECT text FROM rollout_events WHERE kind = 'rolled-back'");
  assert.deepEqual(await rollbacks(), []);

  await proxy.comeBack();
  const { text, at } = await controller.untilJournal('rolled-back', 0);
  assert.match(text, /from 25 % to 0 %: guard errors by scrape found/);
  assert.deepEqual(await rollbacks(), [{ text }]);
  const { state } = await controller.until('rolled-back', 0);
  assert.ok(
    Math.abs(Date.parse(at) - Date.parse(state.since as string)) < 1_000,
    'it says when it was, not when it was written',
  );
  assertNoClientError(await load.finish());
});
