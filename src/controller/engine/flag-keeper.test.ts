import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BY_PERSON, known, observing, raising, rolledBack } from '../../../test/support/carry-out-fixture.ts';
import { startFlagKeeper as started } from '../../../test/support/flag-keeper-fixture.ts';
import { percentOf } from '../../rollout/state.ts';

describe('a flag that says what is wanted', () => {
  test('asks for nothing, neither of the journal nor of the lever', async () => {
    const one = started(observing(25));
    await one.lookFor(5_000);
    assert.deepEqual([one.loads(), one.asked, one.edits()], [0, [], []]);
  });
});

describe('a flag that somebody edited', () => {
  test('is an edit by hand only once the journal was asked and does not explain it', async () => {
    const one = started(observing(25));
    await one.look();
    one.flag.percent = 10;
    await one.lookFor(800);
    assert.ok(one.loads() > 0);
    assert.deepEqual(one.edits(), []);
    await one.lookFor(600);
    assert.equal(one.edits()[0], '10 manual edit');
  });

  test("is nobody's edit while the journal hangs, which does not keep the flag from being looked at", async () => {
    const one = started(observing(25));
    one.now.journalHangs = true;
    one.flag.percent = 10;
    await one.lookFor(10_000);
    assert.deepEqual([one.edits(), one.flagNow()], [[], { kind: 'read', percent: 10, leaseUntilMs: undefined }]);
    assert.ok(one.loads() > 20);
  });

  test('after an automatic rollback is lowered again at once, each time, and reported once', async () => {
    const one = started(rolledBack(25, 0));
    for (let times = 0; times < 14; times += 1) {
      one.flag.percent = 25;
      await one.look();
      assert.equal(one.flag.percent, 0);
      await one.look();
    }
    assert.deepEqual([one.edits(), one.loads()], [[], 0]);
    assert.equal(one.troubles.filter((text) => text.includes('raised to 25 % by somebody else')).length, 2);
  });

  test('where no journal can explain it is guarded as it is', async () => {
    const one = started(observing(25), 'alone');
    one.flag.percent = 10;
    await one.look();
    assert.deepEqual([one.holder.get().kind, percentOf(one.holder.state()), one.edits()], ['provisional', 10, []]);
  });
});

describe('a raise that was given up and that the store carries out later', () => {
  test('is entered by the controller that meant it, and is no edit', async () => {
    const one = started(observing(5));
    await one.raiseUnclear(5, 10);
    await one.clock.advance(3_000);
    assert.equal(one.flag.percent, 10);
    await one.lookFor(3_000);
    assert.deepEqual([percentOf(one.holder.state()), one.edits(), one.said()], [10, [], ['promoted 5→10']]);
  });

  test('is lowered again where a person rolled back meanwhile, and nobody is blamed for it', async () => {
    const one = started({ phase: 'idle' });
    await one.raiseUnclear(0, 5);
    const state = rolledBack(0, 0, BY_PERSON);
    await one.carry.lower({ kind: 'changed', event: 'rolled-back', from: 0, to: 0, state, why: BY_PERSON }, 0);
    await one.clock.advance(3_000);
    assert.equal(one.flag.percent, 5);
    await one.look();
    assert.deepEqual([one.flag.percent, one.edits()], [0, []]);
    assert.match(one.troubles.at(-1) ?? '', /^late write: A write of 5 % that was given up reached the flag late/);
  });

  test('is left to the leader by who stands by now', async () => {
    const one = started(observing(5));
    await one.raiseUnclear(5, 10);
    one.holder.set(known(rolledBack(5, 0, BY_PERSON)));
    one.now.role = 'standby';
    await one.clock.advance(3_000);
    await one.look();
    assert.equal(one.flag.percent, 10);
  });
});

describe('a rollback that is owed', () => {
  test('is tried with each look, one attempt at a time, also where the flag cannot be read', async () => {
    const one = started(observing(25));
    one.mood.lever = 'refuses';
    await one.carry.lower(
      { kind: 'changed', event: 'rolled-back', from: 25, to: 0, state: rolledBack(25, 0), why: BY_PERSON },
      0,
    );
    await one.look();
    one.now.read = { kind: 'unreachable', why: 'gone' };
    await one.look();
    assert.deepEqual([one.asked.length, one.flag.percent], [3, 25]);
    one.mood.lever = 'works';
    await one.look();
    assert.deepEqual([one.flag.percent, one.isOwed(), one.said().at(-1)], [0, false, 'rolled-back 25→0']);
  });
});

describe('a look', () => {
  test('that overlaps a write says nothing: neither of before nor of after', async () => {
    const one = started(observing(25));
    const looked = one.rawLook();
    await one.carry.lower(
      { kind: 'changed', event: 'rolled-back', from: 25, to: 0, state: rolledBack(25, 0), why: BY_PERSON },
      0,
    );
    await one.clock.advance(10);
    await looked;
    assert.deepEqual([one.flagNow(), one.edits(), one.flag.percent], [undefined, [], 0]);
  });

  test('during a raise asks for nothing', async () => {
    const one = started(observing(5));
    one.mood.lever = { afterMs: 1_000 };
    const done = one.carry.raise(raising(5, 10), 0);
    await one.clock.advance(100);
    one.flag.percent = 7;
    await one.look();
    assert.deepEqual([one.edits(), one.loads()], [[], 0]);
    await one.clock.advance(2_000);
    await done;
  });

  test('that hangs is given up after two seconds, and is a problem by name', async () => {
    const one = started(observing(25));
    one.now.read = 'hangs';
    const looked = one.rawLook();
    await one.clock.advance(2_000);
    await looked;
    assert.deepEqual(one.troubles, ['flag: The flag gives no percent: flags.json: no answer within 2 s.']);
  });
});
