import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSystemOfProcesses } from '../support/system/system.ts';
import { startLoad } from './support/k6.ts';
import { planOf } from './support/plans.ts';
import { assertNoClientError, assertOff, startHealthyAt } from './support/steps.ts';
import { findTestTools } from './support/tools.ts';

/** An SRE may edit the flag at any moment, and is never worked against. */
const tools = await findTestTools();
const OBSERVE_MS = 4_000;
const PLAN = planOf(
  { percent: 10, observe: `${OBSERVE_MS}ms` },
  { percent: 25, observe: '10m' },
  { percent: 50, observe: '10m' },
);

for (const lower of [10, 0]) {
  test(`an edit by hand from 25 % down to ${lower} % in the middle of a stage is kept, for longer than a stage takes`, {
    skip: tools.skipWithout('k6'),
  }, async () => {
    await using system = await startSystemOfProcesses();
    const controller = await system.startController({ plan: PLAN });
    await using load = await startLoad(system);
    await startHealthyAt(25, controller);

    await system.flags.set(lower);
    const lowered = await controller.until('rolled-back', lower);
    await controller.untilConfirmed(lower);
    const adopted = await controller.untilJournal('adopted', lower);
    assert.deepEqual([adopted.from, adopted.actor], [25, 'manual edit']);
    const loweredAtMs = Date.parse(lowered.state.since as string);
    const kept = await controller.untilStatus(
      'a stage would have had its time twice over',
      ({ at }) => Date.parse(at) - loweredAtMs > OBSERVE_MS * 2,
      20_000,
    );
    assert.deepEqual([kept.state.phase, kept.state.percent, kept.wanted], ['rolled-back', lower, lower]);
    assert.equal(await system.flags.percent(), lower);
    assert.deepEqual(await system.replicas.servedPercents(), [lower, lower]);
    assertNoClientError(await load.finish());
  });
}

test('an edit by hand up in the middle of a stage is taken over, and guarded like any stage', {
  skip: tools.skipWithout('k6'),
}, async () => {
  await using system = await startSystemOfProcesses();
  const controller = await system.startController({ plan: PLAN });
  await using load = await startLoad(system);
  await startHealthyAt(25, controller);

  await system.flags.set(50);
  await controller.until('observing', 50);
  await controller.untilConfirmed(50);
  const adopted = await controller.untilJournal('adopted', 50);
  assert.deepEqual([adopted.from, adopted.actor], [25, 'manual edit']);
  await controller.untilStatus('every guard is healthy', ({ holding }) => holding === null, 20_000);
  assert.equal(await system.flags.percent(), 50);

  await system.replicas.setFaults({ domain: { errorPercent: 20 } });
  await controller.until('rolled-back', 0, 20_000);
  await controller.untilConfirmed(0);
  await assertOff(system);
  assert.match(
    (await controller.untilJournal('rolled-back', 0)).text,
    /from 50 % to 0 %: guard errors by scrape found/,
  );
  assertNoClientError(await load.finish());
});
