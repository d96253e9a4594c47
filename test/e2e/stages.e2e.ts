import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusAnswer } from '../../src/contract/schemas.ts';
import { until } from '../../src/dev/until.ts';
import type { Replica } from '../support/system/replica.ts';
import { startSystemOfProcesses } from '../support/system/system.ts';
import { startLoad } from './support/k6.ts';
import { planOf } from './support/plans.ts';
import { assertNoClientError } from './support/steps.ts';
import { findTestTools } from './support/tools.ts';

/** What lets a stage pass, and what does not. */
const tools = await findTestTools();
/** src/routing/breaker.ts; a replica has ten domain requests a second here. */
const FAILURES_IN_A_ROW = 3;
const BREAKER_WITHIN_MS = 2_000;

const failures = (replica: Replica) =>
  replica.metric('sluice_path_requests_total', { path: 'domain', outcome: 'error' });

test('10 % becomes 25 % on every replica after its healthy window, and not before', {
  skip: tools.skipWithout('k6'),
}, async () => {
  const observeMs = 6_000;
  await using system = await startSystemOfProcesses();
  const plan = planOf({ percent: 10, observe: `${observeMs}ms` }, { percent: 25, observe: '10m' });
  const controller = await system.startController({ plan });
  await using load = await startLoad(system);
  await controller.untilReady();
  const startedAtMs = Date.now();
  await controller.command('start');
  const served = new Set<number | undefined>();
  const isRaised = async () => {
    (await system.replicas.servedPercents()).forEach((percent) => void served.add(percent));
    return (await system.flags.percent()) !== 10;
  };
  await until('the flag leaves 10 %', isRaised, 30_000);
  const tookMs = Date.now() - startedAtMs;
  assert.ok(tookMs >= observeMs, `it took ${tookMs} ms`);
  assert.equal(await system.flags.percent(), 25);
  await system.replicas.untilServed(25);
  await controller.untilConfirmed(25);
  served.delete(25);
  served.delete(0);
  assert.deepEqual([...served], [10], 'no replica served anything in between');

  const started = await controller.untilJournal('started', 10);
  const promoted = await controller.untilJournal('promoted', 25);
  assert.ok(Date.parse(promoted.at) - Date.parse(started.at) >= observeMs, `${started.at} to ${promoted.at}`);
  assert.match(promoted.text, /the stage was healthy for its time/);
  const summary = await load.finish();
  assertNoClientError(summary);
  assert.ok(summary.paths.domain.requests > 0, 'domain answered clients');
});

test('a stage without traffic is held for as long as it is quiet, and goes on once requests come', {
  skip: tools.skipWithout('k6'),
}, async () => {
  const observeMs = 2_000;
  await using system = await startSystemOfProcesses();
  const plan = planOf({ percent: 10, observe: `${observeMs}ms` }, { percent: 25, observe: '10m' });
  const controller = await system.startController({ plan });
  await controller.untilReady();
  await controller.command('start');
  await controller.untilConfirmed(10);
  const quiet = await controller.untilStatus(
    'the stage has had its time five times over',
    ({ at, state }) => Date.parse(at) - Date.parse(state.since as string) > observeMs * 5,
    20_000,
  );
  assert.deepEqual([quiet.state.phase, quiet.state.percent, quiet.healthyMs], ['observing', 10, 0]);
  assert.match(quiet.holding ?? '', /no-data/);
  assert.equal(await system.flags.percent(), 10);

  await using load = await startLoad(system);
  await controller.until('observing', 25, 20_000);
  await system.replicas.untilServed(25);
  assertNoClientError(await load.finish());
});

test('domain dead on one replica opens its breaker at the third failure: clients see nothing, the percent is held', {
  skip: tools.skipWithout('k6'),
}, async () => {
  const observeMs = 3_000;
  await using system = await startSystemOfProcesses();
  const plan = planOf({ percent: 25, observe: `${observeMs}ms` }, { percent: 50, observe: '10m' });
  const controller = await system.startController({ plan });
  await using load = await startLoad(system);
  await controller.untilReady();
  await controller.command('start');
  await controller.untilStatus('the stage counts', ({ healthyMs }) => (healthyMs ?? 0) > 0, 20_000);

  const [dead, well] = system.replicas.all;
  assert.ok(dead && well);
  await dead.setFaults({ domain: { errorPercent: 100 } });
  const deadSinceMs = Date.now();
  await until('its breaker is open', async () => (await dead.metric('sluice_breaker_open')) === 1, BREAKER_WITHIN_MS);
  assert.equal(await failures(dead), FAILURES_IN_A_ROW);
  const breakerOf = ({ verdicts }: StatusAnswer) => verdicts.find(({ guard }) => guard === 'breaker');
  const seen = await controller.untilStatus('it knows', (status) => breakerOf(status)?.kind === 'breached');
  assert.equal(breakerOf(seen)?.onBreach, 'hold');
  assert.equal(breakerOf(seen)?.detail, `open on ${dead.adminAddress}`);
  const later = await controller.untilStatus(
    'the stage has had its time twice over',
    ({ at }) => Date.parse(at) - deadSinceMs > observeMs * 2,
    20_000,
  );
  assert.deepEqual([later.state.phase, later.state.percent], ['observing', 25]);
  assert.deepEqual(
    later.served.map(({ percent }) => percent),
    [25, 25],
  );
  assert.equal(await well.metric('sluice_breaker_open'), 0);
  assert.equal(await failures(well), 0);

  await dead.setFaults({});
  // The breaker's next probe finds it well, at the latest 15 s after it opened.
  await controller.until('observing', 50, 30_000);
  const summary = await load.finish();
  assertNoClientError(summary);
  assert.ok(summary.decisions.breaker > 0, 'the open breaker sent clients to legacy');
});
