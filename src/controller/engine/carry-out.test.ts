import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  BY_PERSON,
  lowering,
  observing,
  raising,
  rolledBack,
  startCarryOut,
} from '../../../test/support/carry-out-fixture.ts';
import { percentOf } from '../../rollout/state.ts';

describe('a lowering', () => {
  test('is decided and announced at once, and reported as done only when the flag says it', async () => {
    const one = startCarryOut(observing(25));
    one.mood.lever = { afterMs: 300 };
    const done = one.carry.lower(lowering(25, 0), 0);
    assert.deepEqual([percentOf(one.holder.state()), one.isOwed(), one.said()], [0, true, ['rolling-back 25→0']]);
    assert.deepEqual(one.begun, []);
    await one.clock.advance(300);
    await done;
    assert.deepEqual([one.flag.percent, one.isOwed(), one.begun], [0, false, ['0']]);
    assert.deepEqual(one.said(), ['rolling-back 25→0', 'rolled-back 25→0']);
  });

  test('needs no journal: one that hangs or is away delays it by nothing', async () => {
    for (const journal of ['hangs', 'away'] as const) {
      const one = startCarryOut(observing(25));
      one.mood.journal = journal;
      await one.carry.lower(lowering(25, 0), 0);
      assert.deepEqual([one.flag.percent, one.isOwed()], [0, false], journal);
    }
  });

  test('does not wait for a raise whose write hangs, nor for a lease that is being renewed', async () => {
    for (const busy of ['raise', 'lease'] as const) {
      const one = startCarryOut(observing(5));
      one.mood.lever = 'hangs';
      const other = busy === 'raise' ? one.carry.raise(raising(5, 10), 0) : one.carry.renewLease(5);
      await one.clock.advance(100);
      assert.equal(one.asked.length, 1);
      one.mood.lever = 'works';
      const begunAtMs = one.clock.monotonic();
      await one.carry.lower(lowering(5, 0), 0);
      assert.deepEqual([one.flag.percent, one.clock.monotonic() - begunAtMs, one.troubles], [0, 0, []], busy);
      await other;
      assert.deepEqual([one.flag.percent, percentOf(one.holder.state())], [0, 0]);
      one.stop();
    }
  });

  test('goes before a lowering to a higher percent whose write hangs, and is reported as one from where it began', async () => {
    const one = startCarryOut(observing(25));
    one.mood.lever = 'hangs';
    const first = one.carry.lower(lowering(25, 10), 0);
    await one.clock.advance(100);
    one.mood.lever = 'works';
    await one.carry.lower(lowering(10, 0, BY_PERSON), 0);
    await first;
    assert.deepEqual([one.flag.percent, one.isOwed(), one.asked.slice(0, 2)], [0, false, [10, 0]]);
    assert.deepEqual(one.said(), ['rolling-back 25→10', 'rolling-back 25→0', 'rolled-back 25→0']);
    assert.deepEqual(one.troubles, []);
  });

  test('is done where somebody lowered the flag already, and does not raise it', async () => {
    const one = startCarryOut(observing(25));
    one.flag.percent = 5;
    await one.carry.lower(lowering(25, 10), 0);
    assert.deepEqual([one.flag.percent, one.isOwed(), one.troubles], [5, false, []]);
  });

  test('that two carry out at once is reported once', async () => {
    const one = startCarryOut(observing(25));
    one.mood.lever = { afterMs: 300 };
    const done = Promise.all([one.carry.lower(lowering(25, 0), 0), one.carry.settleDebt(), one.carry.settleDebt()]);
    await one.clock.advance(1_000);
    await done;
    assert.deepEqual([one.said(), one.begun], [['rolling-back 25→0', 'rolled-back 25→0'], ['0']]);
  });
});

describe('a lever that fails', () => {
  test('is reported once and by name, the rollback is owed, and not reported as written', async () => {
    const one = startCarryOut(observing(25));
    one.mood.lever = 'refuses';
    await one.carry.lower(lowering(25, 0), 0);
    for (let look = 0; look < 5; look += 1) {
      await one.clock.advance(1_000);
      await one.carry.settleDebt();
    }
    assert.deepEqual([one.isOwed(), one.asked.length, one.begun], [true, 6, []]);
    assert.deepEqual(one.said(), ['rolling-back 25→0']);
    assert.deepEqual(one.troubles, ['lever: The lever fails: flags.json could not be lowered to 0 %: 403.']);
  });

  test('that works again pays what is owed, and that is reported', async () => {
    const one = startCarryOut(observing(25));
    one.mood.lever = 'refuses';
    await one.carry.lower(lowering(25, 0), 0);
    one.mood.lever = 'works';
    await one.carry.settleDebt();
    assert.deepEqual([one.flag.percent, one.isOwed(), one.said().at(-1)], [0, false, 'rolled-back 25→0']);
    assert.equal(one.troubles.at(-1), 'lever: Over: The lever fails: flags.json could not be lowered to 0 %: 403.');
  });

  test('by silence is given up after two seconds, one attempt at a time', async () => {
    const one = startCarryOut(observing(25));
    one.mood.lever = 'hangs';
    const done = one.carry.lower(lowering(25, 0), 0);
    await one.clock.advance(1_900);
    assert.deepEqual(one.troubles, []);
    await one.clock.advance(200);
    await done;
    assert.match(one.troubles.join(), /could not be lowered to 0 %: flags\.json: no answer within 2 s/);
    assert.equal(one.asked.length, 1);
  });

  test('holds no end up', async () => {
    const one = startCarryOut(observing(25));
    one.mood.lever = 'hangs';
    const done = one.carry.lower(lowering(25, 0), 0);
    one.stop();
    await done;
    assert.deepEqual([one.isOwed(), one.said()], [true, ['rolling-back 25→0']]);
  });
});

describe('a flag that was raised after a rollback', () => {
  test('is lowered again, which is followed and is no second rollback', async () => {
    const one = startCarryOut(rolledBack(25, 0));
    one.flag.percent = 25;
    await one.carry.lowerAgain();
    assert.deepEqual([one.flag.percent, one.begun, one.said()], [0, ['0 again'], []]);
  });

  test('and cannot be lowered is a lever that fails, and not followed as if it were', async () => {
    const one = startCarryOut(rolledBack(25, 0));
    one.flag.percent = 25;
    one.mood.lever = 'refuses';
    await one.carry.lowerAgain();
    assert.deepEqual([one.begun, one.troubles.length], [[], 1]);
  });
});

describe('a percent that not every replica serves', () => {
  test('is written once more, and not any more once another one is wanted', async () => {
    const one = startCarryOut(rolledBack(25, 0));
    const ending = new AbortController();
    await one.carry.writeAgain(0, ending.signal);
    assert.deepEqual(one.asked, [0]);
    ending.abort();
    one.flag.percent = 5;
    await one.carry.writeAgain(0, ending.signal);
    assert.deepEqual([one.asked, one.flag.percent, one.hastened()], [[0], 5, 0]);
  });
});

describe('a lease', () => {
  test('that is not renewed is reported, and the lever is looked at; once it is renewed, that too', async () => {
    const one = startCarryOut(observing(25));
    one.mood.lever = 'refuses';
    await one.carry.renewLease(25);
    one.mood.lever = 'works';
    await one.carry.renewLease(25);
    const text = 'The lease was not renewed: 403.';
    assert.deepEqual([one.troubles, one.hastened()], [[`lease: ${text}`, `lease: Over: ${text}`], 1]);
  });

  test('is not renewed over a flag that says something else by then', async () => {
    const one = startCarryOut(observing(25));
    one.flag.percent = 5;
    await one.carry.renewLease(25);
    assert.equal(one.flag.percent, 5);
  });
});

test('a look at the flag that overlaps a write is known for one', async () => {
  const one = startCarryOut(observing(25));
  const before = one.carry.writes();
  one.mood.lever = { afterMs: 300 };
  const done = one.carry.lower(lowering(25, 0), 0);
  await one.clock.advance(100);
  const during = one.carry.writes();
  await one.clock.advance(300);
  await done;
  assert.ok(before < during && during < one.carry.writes());
});
