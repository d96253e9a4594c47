import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BY_ALERT, known, observing, rolledBack } from '../../../test/support/carry-out-fixture.ts';
import { FIRING, startJournalKeeper as started } from '../../../test/support/journal-keeper-fixture.ts';
import { percentOf } from '../../rollout/state.ts';
import { decided } from './held.ts';
import type { SavedRollout } from './ports.ts';

const percentIn = (row: SavedRollout | undefined) => row && percentOf(row.state);

describe('what is held', () => {
  test('is read from the journal before anything is written', async () => {
    const one = started({ kind: 'unread' }, observing(25));
    assert.equal(await one.save(), false);
    assert.deepEqual(one.now.asked, []);
    await one.keep();
    assert.deepEqual([percentOf(one.holder.state()), one.loads], [25, [25]]);
  });

  test('is saved by the leader each two seconds, and at once where something was decided', async () => {
    const one = started(known(observing(25)), observing(25));
    for (let second = 0; second < 6; second += 1) {
      await one.keep();
      await one.clock.advance(1_000);
    }
    assert.equal(one.stored()?.revision, 4);
    one.holder.set(decided(one.holder.get(), rolledBack(25, 0)));
    await one.save();
    assert.deepEqual([percentIn(one.stored()), one.isAhead()], [0, false]);
  });

  test('is never saved by who stands by, unless it decided something itself', async () => {
    const one = started(known(observing(25)), observing(25));
    one.now.leading = false;
    await one.keep();
    assert.deepEqual([await one.save(), one.stored()?.revision], [false, 1]);
    one.holder.set(decided(one.holder.get(), rolledBack(25, 0)));
    await one.keep();
    assert.equal(percentIn(one.stored()), 0);
  });
});

describe('a slow journal', () => {
  test('undoes no decision that was made while it was read', async () => {
    const one = started(known(observing(25)), observing(25));
    one.now.mood = { slowMs: 700 };
    const reading = one.load();
    await one.clock.advance(400);
    one.holder.set(decided(one.holder.get(), rolledBack(25, 0)));
    await one.clock.advance(2_000);
    await reading;
    assert.deepEqual([percentOf(one.holder.state()), one.isAhead()], [0, true]);
  });

  test('does not take for saved what was decided while it saved something else', async () => {
    const one = started(decided(known(observing(5)), observing(10, 2)), observing(5));
    one.now.mood = { slowMs: 700 };
    const saving = one.save();
    await one.clock.advance(400);
    one.holder.set(decided(one.holder.get(), rolledBack(10, 0)));
    await one.clock.advance(400);
    assert.equal(await saving, true);
    assert.deepEqual([percentIn(one.stored()), one.isAhead()], [10, true]);
    one.now.mood = 'works';
    await one.keep();
    assert.deepEqual([percentIn(one.stored()), one.isAhead()], [0, false]);
  });
});

describe('a journal that hangs', () => {
  test('is waited for three seconds, then it is away, which is recorded once', async () => {
    const one = started(decided(known(observing(5)), observing(10, 2)), observing(5));
    one.now.mood = 'hangs';
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const saving = one.save();
      await one.clock.advance(3_000);
      assert.equal(await saving, false);
    }
    assert.deepEqual([one.contact().answers, one.isAhead()], [false, true]);
    assert.deepEqual(one.written, ['The journal is unreachable: no answer within 3 s.']);
  });

  test('is not asked to load once for each that wants to know', async () => {
    const one = started(known(observing(5)), observing(5));
    one.now.mood = 'hangs';
    const all = Promise.all(Array.from({ length: 20 }, () => one.load()));
    await one.clock.advance(3_000);
    await all;
    assert.deepEqual(one.now.asked, ['load']);
  });

  test('and took what it was given without saying so costs nothing: it is read, and gone on from', async () => {
    const one = started(decided(known(observing(25)), rolledBack(25, 0)), observing(25));
    one.now.mood = 'takes it and hangs';
    const saving = one.save();
    await one.clock.advance(3_000);
    await saving;
    one.now.mood = 'works';
    await one.keep();
    await one.keep();
    assert.deepEqual([percentOf(one.holder.state()), percentIn(one.stored()), one.isAhead()], [0, 0, false]);
  });
});

describe('another controller that wrote meanwhile', () => {
  test('is read before anything more is saved, and where it went lower it is right', async () => {
    const one = started(decided(known(observing(5)), observing(10, 2)), observing(5));
    one.others(rolledBack(5, 0));
    assert.equal(await one.save(), false);
    assert.deepEqual([percentOf(one.holder.state()), percentIn(one.stored())], [0, 0]);
  });

  test('does not undo a rollback that was decided here, which is saved over what it wrote', async () => {
    const one = started(decided(known(observing(25)), rolledBack(25, 0)), observing(25));
    one.others(observing(25, 9));
    assert.equal(await one.save(), true);
    assert.deepEqual([percentOf(one.holder.state()), percentIn(one.stored())], [0, 0]);
    assert.deepEqual(one.now.asked, ['save', 'load', 'alerts', 'save'], 'what the other one wrote was read first');
  });
});

test('a raise that is about to begin is not written over what another controller wrote meanwhile', async () => {
  const one = started(decided(known(observing(5)), observing(5, 2)), observing(5));
  one.now.intent = observing(10);
  one.others(observing(5, 9));
  assert.equal(await one.save(), false);
  assert.equal(one.stored()?.intent, undefined);
});

describe('whether the journal answers', () => {
  test('is known from what was asked, and never from a question that was not put', async () => {
    const one = started(known(observing(25)), observing(25));
    assert.equal(one.contact().heardAtMs, Number.NEGATIVE_INFINITY);
    one.now.mood = 'away';
    await one.keep();
    assert.equal(one.contact().answers, false);
    await one.keep();
    assert.deepEqual([one.contact().answers, one.contact().heardAtMs], [false, Number.NEGATIVE_INFINITY]);
    one.now.mood = 'works';
    const askedAtMs = one.clock.monotonic();
    await one.keep();
    assert.deepEqual(one.contact(), { answers: true, heardAtMs: askedAtMs });
  });

  test('counts from when it was asked, not from when the answer was there', async () => {
    const one = started(known(observing(25)), observing(25));
    one.now.mood = { slowMs: 700 };
    const askedAtMs = one.clock.monotonic();
    const reading = one.load();
    await one.clock.advance(2_000);
    await reading;
    assert.equal(one.contact().heardAtMs, askedAtMs);
  });

  test('remembers whether this controller led then', async () => {
    const one = started(known(observing(25)), observing(25));
    await one.keep();
    one.now.mood = 'away';
    one.now.leading = false;
    await one.keep();
    assert.equal(one.ledLast(), true);
    one.now.mood = 'works';
    await one.keep();
    assert.equal(one.ledLast(), false);
  });
});

describe('an alert', () => {
  test('that was received here is in the journal with the next look, and stays firing', async () => {
    const one = started(known(observing(25)), observing(25));
    one.alerts.take(FIRING);
    await one.keep();
    assert.deepEqual([one.now.alerts, one.alerts.now().length], [[FIRING], 1]);
    await one.keep();
    assert.equal(one.now.asked.filter((each) => each === 'keep alerts').length, 1);
  });

  test('that another controller received is known here, whether this one leads or not', async () => {
    for (const leading of [true, false]) {
      const one = started(known(observing(25)), observing(25));
      one.now.leading = leading;
      one.now.alerts.push(FIRING);
      await one.keep();
      assert.equal(one.alerts.now().length, 1, `leading ${leading}`);
    }
  });

  test('waits while the journal is away, however many there are, and none is asked for twice at once', async () => {
    const one = started(known(observing(25)), observing(25));
    one.now.mood = 'away';
    for (let at = 0; at < 200; at += 1) {
      one.alerts.take({ ...FIRING, alert: { ...FIRING.alert, fingerprint: `${at}` } });
    }
    await one.keep();
    assert.equal(one.now.asked.filter((each) => each === 'keep alerts').length, 1);
    one.now.mood = 'works';
    await Promise.all([one.keep(), one.keep()]);
    assert.deepEqual([one.now.alerts.length, one.alerts.isWaiting()], [200, false]);
  });
});

test('a rollback that is owed is said to be in the journal, so that whoever leads next goes on', async () => {
  const debt = { from: 25, to: 0, why: BY_ALERT, seenAtMs: 2 };
  const one = started(decided(known(observing(25)), rolledBack(25, 0), debt), observing(25));
  await one.save();
  assert.equal(one.stored()?.settled, false);
});
