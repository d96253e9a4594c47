import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  lowering,
  observing,
  paused,
  raising,
  rolledBack,
  startCarryOut,
} from '../../../test/support/carry-out-fixture.ts';
import { percentOf } from '../../rollout/state.ts';
import { decided } from './held.ts';

const refusal = (decision: { readonly kind: string }) => ('why' in decision ? decision.why : decision.kind);

describe('a raise', () => {
  test('is in the journal, then in the flag, then in the state; only then is it reported', async () => {
    const one = startCarryOut(observing(5));
    const done = one.carry.raise(raising(5, 10), 0);
    assert.deepEqual([one.saves(), one.asked, one.said(), one.carry.intent()], [1, [], [], observing(10, 9)]);
    assert.equal((await done).kind, 'changed');
    assert.deepEqual([one.flag.percent, percentOf(one.holder.state())], [10, 10]);
    assert.deepEqual([one.said(), one.begun], [['promoted 5→10'], ['10']]);
    assert.equal(one.carry.intent(), undefined);
  });

  test('that the journal does not take is not written, and not reported', async () => {
    const one = startCarryOut(observing(5));
    one.mood.journal = 'away';
    assert.match(String(refusal(await one.carry.raise(raising(5, 10), 0))), /journal could not be written/);
    assert.deepEqual([one.asked, one.said(), one.carry.intent()], [[], [], undefined]);
  });

  test('is asked once more whether it may be, between the journal and the flag', async () => {
    const one = startCarryOut(observing(5));
    const done = one.carry.raise(raising(5, 10), 0);
    one.forbid('alert Slow fires');
    assert.equal(refusal(await done), 'alert Slow fires');
    assert.deepEqual([one.asked, one.flag.percent], [[], 5]);
  });

  test('that waits for the journal is not written any more once something lower was decided', async () => {
    const one = startCarryOut(observing(5));
    const done = one.carry.raise(raising(5, 10), 0);
    await one.carry.lower(lowering(5, 0), 0);
    assert.equal(refusal(await done), 'it was lowered meanwhile');
    assert.deepEqual([one.asked, one.flag.percent], [[0], 0]);
  });

  test('of another percent than is wanted by then is not written', async () => {
    const one = startCarryOut(observing(5));
    const done = one.carry.raise(raising(5, 10), 0);
    one.holder.set(decided(one.holder.get(), observing(0)));
    assert.equal(refusal(await done), 'another percent is wanted by now');
    assert.deepEqual(one.asked, []);
  });

  test('is one at a time', async () => {
    const one = startCarryOut(observing(5));
    const first = one.carry.raise(raising(5, 10), 0);
    assert.equal(refusal(await one.carry.raise(raising(5, 25), 0)), 'another change is under way');
    await first;
    assert.deepEqual(one.asked, [10]);
  });

  test('over a flag that somebody else changed meanwhile is not written, which is reported', async () => {
    const one = startCarryOut(observing(5));
    one.flag.percent = 3;
    const why = 'the flag was not raised to 10 %: somebody else changed it at the same time';
    assert.equal(refusal(await one.carry.raise(raising(5, 10), 0)), why);
    assert.deepEqual([one.flag.percent, percentOf(one.holder.state()), one.said()], [3, 5, []]);
    assert.equal(one.hastened(), 1);
  });

  test('that is over is waited for by who asks, whatever became of it', async () => {
    const one = startCarryOut(observing(5));
    one.mood.lever = 'hangs';
    const done = one.carry.raise(raising(5, 10), 0);
    let isOver = false;
    void one.carry.raised().then(() => {
      isOver = true;
    });
    await one.clock.advance(1_900);
    assert.deepEqual([isOver, one.carry.isRaising()], [false, true]);
    await one.clock.advance(200);
    assert.deepEqual([isOver, one.carry.isRaising()], [true, false]);
    await done;
  });
});

describe('a raise of which nobody knows whether it was written', () => {
  async function unclear(from: number, to: number) {
    const one = startCarryOut(from === 0 ? { phase: 'idle' } : observing(from));
    one.mood.lever = { afterMs: 5_000 };
    const done = one.carry.raise(raising(from, to), 0);
    await one.clock.advance(2_500);
    assert.match(String(refusal(await done)), /no answer within 2 s/);
    return one;
  }

  test('is entered once the flag says so, and not before', async () => {
    const one = await unclear(5, 10);
    assert.deepEqual([one.carry.takeUp(5), percentOf(one.holder.state()), one.said()], [false, 5, []]);
    await one.clock.advance(3_000);
    assert.deepEqual([one.flag.percent, one.carry.takeUp(10), percentOf(one.holder.state())], [10, true, 10]);
    assert.deepEqual(one.said(), ['promoted 5→10']);
  });

  test('is entered where the next attempt finds it written: nobody else is blamed', async () => {
    const one = await unclear(5, 10);
    await one.clock.advance(3_000);
    one.mood.lever = 'works';
    assert.equal((await one.carry.raise(raising(5, 10), 0)).kind, 'changed');
    assert.deepEqual([percentOf(one.holder.state()), one.said()], [10, ['promoted 5→10']]);
  });

  test('is entered as a pause where a person paused meanwhile', async () => {
    const one = await unclear(5, 10);
    one.holder.set(decided(one.holder.get(), paused(5)));
    assert.equal(one.carry.takeUp(10), true);
    const state = one.holder.state();
    assert.deepEqual([state.phase, percentOf(state)], ['paused', 10]);
  });

  test('is not entered where something else was decided since, here or by another controller', async () => {
    const one = await unclear(0, 5);
    one.holder.set(decided(one.holder.get(), rolledBack(0, 0)));
    assert.deepEqual([one.carry.takeUp(5), one.holder.state().phase], [false, 'rolled-back']);
  });

  test('is known for our own write where it lands after a rollback, for a minute', async () => {
    const one = await unclear(5, 10);
    one.mood.lever = 'works';
    await one.carry.lower(lowering(5, 0), 0);
    assert.equal(one.carry.intent(), undefined);
    assert.deepEqual([one.carry.takeUp(10), one.carry.isLate(10), one.carry.isLate(25)], [false, true, false]);
    await one.clock.advance(60_000);
    assert.equal(one.carry.isLate(10), false);
  });

  test('is not waited for for ever: what the flag says hours later, somebody else did', async () => {
    const one = await unclear(5, 10);
    await one.clock.advance(3_600_000);
    assert.deepEqual([one.carry.takeUp(10), one.carry.intent(), one.said()], [false, undefined, []]);
  });
});
