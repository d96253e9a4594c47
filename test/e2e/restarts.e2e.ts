import assert from 'node:assert/strict';
import { symlink, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { type SystemOfProcesses, startSystemOfProcesses } from '../support/system/system.ts';
import { startLoad } from './support/k6.ts';
import { planOf } from './support/plans.ts';
import { assertNoClientError, assertOff, startHealthyAt } from './support/steps.ts';
import { findTestTools } from './support/tools.ts';

/** A controller may be killed at any moment; whoever comes after it goes on. */
const tools = await findTestTools();
const ERRORS = { domain: { errorPercent: 20 } };
const PLAN = planOf({ percent: 25, observe: '10m' });
const TAKEN_OVER_WITHIN_MS = 10_000;
/** The controller saves what has counted each 2 s, and looks whether it is time each second. */
const SAVED_EVERY_MS = 3_500;
/** Time counts with the ticks: the first after the restart may be just before it is asked. */
const TICK_MS = 500;

test('a controller killed in the middle of a stage goes on where it was, and the stage needs no more than what was left', {
  skip: tools.skipWithout('k6'),
}, async () => {
  const observeMs = 12_000;
  await using system = await startSystemOfProcesses();
  const plan = planOf({ percent: 10, observe: `${observeMs}ms` }, { percent: 25, observe: '10m' });
  const controller = await system.startController({ plan });
  await using load = await startLoad(system);
  await controller.untilReady();
  await controller.command('start');
  const before = await controller.untilStatus(
    'half of the stage is over',
    ({ healthyMs }) => (healthyMs ?? 0) > observeMs / 2,
    30_000,
  );
  await controller.kill();
  assert.deepEqual([await system.flags.percent(), await system.replicas.servedPercents()], [10, [10, 10]]);

  await controller.restart();
  const after = await controller.untilReady();
  assert.deepEqual([after.state.phase, after.state.percent, after.state.since], ['observing', 10, before.state.since]);
  const lostMs = (before.healthyMs ?? 0) - (after.healthyMs ?? 0);
  assert.ok(lostMs < SAVED_EVERY_MS, `${before.healthyMs} ms counted before, ${after.healthyMs} ms after`);
  const restartedAtMs = Date.now();
  await controller.until('observing', 25, 30_000);
  const tookMs = Date.now() - restartedAtMs;
  const leftMs = observeMs - (after.healthyMs ?? 0);
  assert.ok(tookMs >= leftMs - TICK_MS, `${tookMs} ms passed, ${leftMs} ms were left`);
  await system.replicas.untilServed(25);
  assertNoClientError(await load.finish());
});

test('a rollback that was decided and could not be written before the controller was killed is finished by the next one', {
  skip: tools.skipWithout('k6'),
}, async () => {
  await using system = await startSystemOfProcesses();
  // What the controller reaches its flags by; flagd has the file itself.
  const mount = join(system.directory, 'mounted');
  await symlink(system.directory, mount);
  const controller = await system.startController({
    plan: PLAN,
    env: { FLAGS_FILE: join(mount, basename(system.flags.file)) },
  });
  await using load = await startLoad(system);
  await startHealthyAt(25, controller);

  await unlink(mount);
  await system.replicas.setFaults(ERRORS);
  await controller.untilJournal('rolling-back', 0, 20_000);
  await until('the decision is saved', async () => (await savedSettled(system)) === false);
  assert.equal(await system.flags.percent(), 25);
  await controller.kill();
  // The next one sees nothing but health.
  await system.replicas.setFaults({});
  await symlink(system.directory, mount);
  assert.deepEqual(await system.replicas.servedPercents(), [25, 25]);

  await controller.restart();
  await controller.until('rolled-back', 0);
  await controller.untilConfirmed(0);
  await assertOff(system);
  await controller.untilJournal('confirmed', 0);
  assertNoClientError(await load.finish());
});

test('a rollback that was written and had not reached the replicas before the controller was killed is confirmed by the next one', {
  skip: tools.skipWithout('k6'),
}, async () => {
  await using system = await startSystemOfProcesses();
  const controller = await system.startController({ plan: PLAN });
  await using load = await startLoad(system);
  await startHealthyAt(25, controller);

  await system.flags.stop();
  await system.replicas.setFaults(ERRORS);
  await until('the flag is off in its file', async () => (await system.flags.percent()) === 0, 20_000);
  await controller.untilJournal('unconfirmed', 0);
  assert.deepEqual(await system.replicas.servedPercents(), [25, 25]);
  await controller.kill();
  await controller.restart();
  await system.flags.restart();

  await system.replicas.untilServed(0, 20_000);
  await controller.untilConfirmed(0);
  await assertOff(system);
  await controller.untilJournal('confirmed', 0);
  assertNoClientError(await load.finish());
});

test('of two controllers one leads; when it is killed, the other leads within 10 s and drops the flag on a breach', {
  skip: tools.skipWithout('k6'),
}, async () => {
  await using system = await startSystemOfProcesses();
  const first = await system.startController({ plan: PLAN, name: 'controller-1' });
  await first.untilReady();
  const second = await system.startController({ plan: PLAN, name: 'controller-2' });
  await using load = await startLoad(system);
  await second.untilStatus('it has read the journal', ({ controller: { journal } }) => journal === 'written');
  await assert.rejects(second.command('start'), /another one leads/);
  await first.command('start');
  await first.untilStatus('every guard is healthy', ({ holding }) => holding === null, 20_000);
  await second.until('observing', 25);
  assert.equal((await second.status()).controller.leading, false);

  await first.kill();
  const taken = await second.untilReady(TAKEN_OVER_WITHIN_MS);
  assert.deepEqual([taken.state.phase, taken.state.percent], ['observing', 25]);
  await system.replicas.setFaults(ERRORS);
  await second.until('rolled-back', 0, 20_000);
  await second.untilConfirmed(0);
  await assertOff(system);
  assert.match((await second.untilJournal('rolled-back', 0)).text, /from 25 % to 0 %: guard errors by scrape found/);
  assertNoClientError(await load.finish());
});

test('a breach drops the flag while the controller that leads is frozen, and it stays down once that one goes on', {
  skip: tools.skipWithout('k6'),
}, async () => {
  await using system = await startSystemOfProcesses();
  const first = await system.startController({ plan: PLAN, name: 'controller-1' });
  await first.untilReady();
  const second = await system.startController({ plan: PLAN, name: 'controller-2' });
  await using load = await startLoad(system);
  await startHealthyAt(25, first);
  await second.until('observing', 25);

  first.process().freeze();
  await system.replicas.setFaults(ERRORS);
  await until('the flag is off', async () => (await system.flags.percent()) === 0, 20_000);
  await second.untilConfirmed(0);
  await assertOff(system);
  assert.equal((await second.status()).controller.leading, false);

  first.process().thaw();
  await first.until('rolled-back', 0);
  await first.untilConfirmed(0);
  await assertOff(system);
  assertNoClientError(await load.finish());
});

async function savedSettled({ database }: SystemOfProcesses): Promise<boolean | undefined> {
  const [row] = await database.query<{ settled: boolean }>('SELECT settled FROM rollout_state');
  return row?.settled;
}
