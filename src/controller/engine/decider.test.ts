import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BY_ALERT, known, observing, rolledBack } from '../../../test/support/carry-out-fixture.ts';
import { startDecider } from '../../../test/support/decider-fixture.ts';
import { verdict } from '../../../test/support/verdict-fixture.ts';
import { percentOf, type State } from '../../rollout/state.ts';

const BREACHED = [verdict('breached')];
const HEALTHY_FOR_ITS_TIME = { ...observing(5), healthyMs: 60_000 } as State;
const why = (decision: { readonly kind: string }) => ('why' in decision ? String(decision.why) : decision.kind);

describe('a breach', () => {
  test('drops the flag at once for who leads, who led when the journal went away, and who is alone', async () => {
    for (const role of ['leader', 'orphan', 'alone'] as const) {
      const one = startDecider(observing(25), { role, verdicts: BREACHED });
      await one.tick();
      assert.deepEqual([one.flag.percent, one.said().at(-1)], [0, 'rolled-back 25→0'], role);
    }
  });

  test('is left to the leader for two seconds by who stands by, and then acted on', async () => {
    const one = startDecider(observing(25), { role: 'standby', verdicts: BREACHED });
    for (let seconds = 0; seconds < 2; seconds += 1) {
      await one.tick();
      assert.deepEqual([one.flag.percent, one.said()], [25, []]);
      await one.clock.advance(1_000);
    }
    await one.tick();
    assert.equal(one.flag.percent, 0);
  });

  test('is not acted on by who stands by before the journal said since that nobody else did', async () => {
    const one = startDecider(observing(25), { role: 'standby', verdicts: BREACHED });
    one.now.journalSilent = true;
    await one.tick();
    await one.clock.advance(5_000);
    await one.tick();
    assert.equal(one.flag.percent, 25);
    one.now.journalSilent = false;
    await one.tick();
    assert.equal(one.flag.percent, 0);
  });

  test('that was over in between is waited for anew: an old one makes nobody drop beside the leader', async () => {
    const one = startDecider(observing(25), { role: 'standby', verdicts: BREACHED });
    await one.tick();
    one.now.verdicts = [verdict('healthy')];
    await one.clock.advance(1_000);
    await one.tick();
    one.now.verdicts = BREACHED;
    await one.clock.advance(600_000);
    await one.tick();
    assert.equal(one.flag.percent, 25);
  });

  test('is none to act on for who stands by where the flag is lower already', async () => {
    const one = startDecider(observing(25), { role: 'standby', verdicts: BREACHED });
    one.flag.percent = 0;
    await one.tick();
    await one.clock.advance(5_000);
    await one.tick();
    assert.deepEqual([one.asked, one.said()], [[], []]);
  });

  test('ends a raise that is under way, and a raise is begun by none', async () => {
    const one = startDecider(HEALTHY_FOR_ITS_TIME);
    const raised = one.tick();
    assert.equal(one.carry.isRaising(), true);
    one.now.verdicts = BREACHED;
    await one.tick();
    assert.equal((await raised).kind, 'refused');
    assert.deepEqual([one.flag.percent, one.asked, percentOf(one.holder.state())], [0, [0], 0]);
  });
});

describe('an alert', () => {
  test('drops the flag at once, whoever was sent it', async () => {
    for (const role of ['leader', 'standby', 'orphan', 'alone'] as const) {
      const one = startDecider(observing(25), { role });
      await one.decider.step({ kind: 'alert', id: 'a', alert: 'Slow' }, 0);
      assert.equal(one.flag.percent, 0, role);
    }
  });

  test('ends the first raise, which is under way', async () => {
    const one = startDecider({ phase: 'idle' });
    const started = one.ask('start');
    await one.decider.step({ kind: 'alert', id: 'a', alert: 'Slow' }, 0);
    assert.equal(why(await started), 'an alert fires');
    assert.deepEqual([one.flag.percent, one.asked], [0, []]);
  });

  test('that fires on drops a percent that was raised since', async () => {
    const one = startDecider(observing(5));
    one.now.firing = ['Slow'];
    await one.tick();
    assert.equal(one.flag.percent, 0);
  });
});

describe('a promotion', () => {
  test('is made by the leader, and by nobody else', async () => {
    for (const role of ['leader', 'orphan', 'standby', 'alone'] as const) {
      const one = startDecider(HEALTHY_FOR_ITS_TIME, { role });
      await one.tick();
      assert.equal(one.flag.percent, role === 'leader' ? 10 : 5, role);
    }
  });

  test('is not begun twice while it is under way', async () => {
    const one = startDecider(HEALTHY_FOR_ITS_TIME);
    await Promise.all([one.tick(), one.tick(), one.tick()]);
    assert.deepEqual([one.asked, one.said()], [[10], ['promoted 5→10']]);
  });
});

describe('what a person asks', () => {
  test('for a rollback while a start is under way ends it, though nothing is served yet', async () => {
    const one = startDecider({ phase: 'idle' });
    const started = one.ask('start');
    assert.equal(one.carry.isRaising(), true);
    assert.equal((await one.ask('rollback')).kind, 'changed');
    assert.match(why(await started), /lowered meanwhile/);
    assert.deepEqual([one.flag.percent, one.holder.state().phase], [0, 'rolled-back']);
  });

  test('for a rollback lowers the flag also where this controller does not know yet that it was raised', async () => {
    const one = startDecider({ phase: 'idle' }, { role: 'standby' });
    one.flag.percent = 5;
    assert.equal((await one.ask('rollback')).kind, 'changed');
    assert.equal(one.flag.percent, 0);
  });

  test('for a pause while a raise is under way is not said to be nothing to do', async () => {
    const one = startDecider(HEALTHY_FOR_ITS_TIME);
    const raised = one.tick();
    assert.equal(why(await one.ask('pause')), 'another change is under way');
    await raised;
    await one.ask('pause');
    assert.deepEqual([one.holder.state().phase, one.flag.percent], ['paused', 10]);
  });

  test('to go on is refused as long as a rollback is not written', async () => {
    const one = startDecider(observing(25));
    one.holder.set(known(rolledBack(25, 10), { debt: { from: 25, to: 10, why: BY_ALERT, seenAtMs: 2 } }));
    assert.match(why(await one.ask('resume')), /not written to the flag yet/);
    assert.equal((await one.ask('rollback')).kind, 'changed');
    assert.equal(one.flag.percent, 0);
  });

  test('is decided at once: a journal that hangs holds up no pause', async () => {
    const one = startDecider(observing(5));
    one.mood.journal = 'hangs';
    assert.equal((await one.ask('pause')).kind, 'changed');
    assert.deepEqual(one.said(), ['paused 5→5']);
  });
});

test('a pause keeps guards acting', async () => {
  const one = startDecider(observing(5));
  await one.ask('pause');
  one.now.verdicts = BREACHED;
  await one.tick();
  assert.equal(one.flag.percent, 0);
});

test('time that was counted is held, and is no event', async () => {
  const one = startDecider(observing(5));
  one.holder.set(known({ ...observing(5), countedAtMs: one.clock.now() } as State));
  await one.clock.advance(1_000);
  await one.tick();
  const state = one.holder.state();
  assert.deepEqual(['healthyMs' in state && state.healthyMs, one.said()], [1_000, []]);
});
