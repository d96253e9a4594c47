import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IDLE, percentOf, type State } from '../../rollout/state.ts';
import { counted, type Debt, decided, following, type Held, loaded, paid, saved } from './held.ts';
import type { SavedRollout } from './ports.ts';

const observing = (percent: number, sinceMs = 1): State => ({
  phase: 'observing',
  percent,
  sinceMs,
  healthyMs: 0,
  countedAtMs: sinceMs,
});
const rolledBack = (from: number, to: number, sinceMs = 2): State => ({
  phase: 'rolled-back',
  from,
  to,
  sinceMs,
  why: { kind: 'alert', alert: 'Slow', id: '1' },
});
const known = (state: State, revision: number | undefined, more: { ahead?: boolean; debt?: Debt } = {}): Held => ({
  kind: 'known',
  state,
  revision,
  ahead: false,
  debt: undefined,
  ...more,
});
const row = (state: State, revision: number, more: Partial<SavedRollout> = {}): SavedRollout => ({
  revision,
  state,
  intent: undefined,
  settled: true,
  unconfirmed: undefined,
  legacyBaseline: undefined,
  ...more,
});
const debt: Debt = { from: 25, to: 0, why: { kind: 'alert', alert: 'Slow', id: '1' }, seenAtMs: 2 };
const summary = (held: Held) =>
  held.kind === 'unread'
    ? 'unread'
    : `${held.kind} ${held.state.phase} ${percentOf(held.state)}${held.kind === 'known' ? ` @${held.revision}${held.ahead ? ' ahead' : ''}${held.debt ? ' owing' : ''}` : ''}`;

describe('what is held', () => {
  test('is what the journal says, when nothing was decided here', () => {
    assert.equal(summary(loaded({ kind: 'unread' }, row(observing(25), 7), undefined, false)), 'known observing 25 @7');
    assert.equal(
      summary(loaded(known(observing(25), 7), row(rolledBack(25, 0), 8), undefined, true)),
      'known rolled-back 0 @8',
    );
  });

  test('begins idle where the journal has no row yet', () => {
    assert.equal(summary(loaded({ kind: 'unread' }, undefined, undefined, true)), 'known idle 0 @0');
  });

  test('is saved again by the leader where a failover of the database lost it', () => {
    assert.equal(
      summary(loaded(known(observing(10), 8), row(observing(5), 7), undefined, true)),
      'known observing 10 @7 ahead',
    );
    assert.equal(
      summary(loaded(known(observing(10), 8), row(observing(5), 7), undefined, false)),
      'known observing 5 @7',
    );
    assert.equal(
      summary(loaded(known(rolledBack(25, 0), 8), row(observing(25), 7), undefined, false)),
      'known rolled-back 0 @7 ahead',
    );
    assert.equal(summary(loaded(known(observing(10), 8), undefined, undefined, true)), 'known observing 10 @0 ahead');
  });

  test('keeps a rollback that the journal does not have yet, whoever leads', () => {
    const held = known(rolledBack(25, 0), 7, { ahead: true, debt });
    for (const leads of [true, false]) {
      assert.equal(
        summary(loaded(held, row(observing(25), 9), undefined, leads)),
        'known rolled-back 0 @9 ahead owing',
      );
    }
  });

  test('goes down with the journal though something else was decided here', () => {
    const held = known({ ...observing(25), phase: 'paused', from: 'observing', why: { kind: 'plan' } } as State, 7, {
      ahead: true,
    });
    assert.equal(summary(loaded(held, row(rolledBack(25, 0), 9), undefined, true)), 'known rolled-back 0 @9');
  });

  test('at one percent is what the leader decided, and not what one who stands by did', () => {
    const paused = { ...observing(25), phase: 'paused', from: 'observing', why: { kind: 'plan' } } as State;
    const held = known(paused, 7, { ahead: true });
    assert.equal(summary(loaded(held, row(observing(25), 9), undefined, true)), 'known paused 25 @9 ahead');
    assert.equal(summary(loaded(held, row(observing(25), 9), undefined, false)), 'known observing 25 @9');
  });

  test('takes up a raise that was begun, where the flag was written, and only there', () => {
    const begun = row(observing(5), 7, { intent: observing(10) });
    const flag = (percent: number) => ({ kind: 'read', percent, leaseUntilMs: undefined }) as const;
    assert.equal(summary(loaded({ kind: 'unread' }, begun, flag(10), true)), 'known observing 10 @7 ahead');
    assert.equal(summary(loaded({ kind: 'unread' }, begun, flag(10), false)), 'known observing 10 @7');
    assert.equal(summary(loaded({ kind: 'unread' }, begun, flag(5), true)), 'known observing 5 @7');
  });

  test('takes up a raise that was begun also where the flag was written after the journal was read', () => {
    const begun = row(observing(5), 7, { intent: observing(10) });
    const flag = { kind: 'read', percent: 10, leaseUntilMs: undefined } as const;
    assert.equal(summary(loaded(known(observing(5), 7), begun, flag, true)), 'known observing 10 @7 ahead');
  });

  test('owes the flag what another one lowered while this one raised it, and nothing where it only begins to lead', () => {
    const raised = known(observing(5), 8);
    assert.equal(
      summary(loaded(raised, row(rolledBack(0, 0), 9), undefined, true, true)),
      'known rolled-back 0 @9 owing',
    );
    assert.equal(summary(loaded(raised, row(rolledBack(0, 0), 9), undefined, true, false)), 'known rolled-back 0 @9');
    assert.equal(summary(loaded(raised, row(observing(10), 9), undefined, true, true)), 'known observing 10 @9');
  });

  test('owes the flag what a controller before could not write', () => {
    const held = loaded({ kind: 'unread' }, row(rolledBack(25, 0), 7, { settled: false }), undefined, true);
    assert.equal(summary(held), 'known rolled-back 0 @7 owing');
    assert.deepEqual(held.kind === 'known' && held.debt, {
      from: 25,
      to: 0,
      why: { kind: 'alert', alert: 'Slow', id: '1' },
      seenAtMs: 2,
    });
  });

  test('is ahead until the journal has just that, and counted time alone is nothing to be ahead with', () => {
    const before = known(observing(5), 7);
    const asked = decided(before, rolledBack(5, 0), debt);
    assert.equal(summary(asked), 'known rolled-back 0 @7 ahead owing');
    assert.equal(summary(saved(asked, asked, 8)), 'known rolled-back 0 @8 owing');
    assert.equal(summary(saved(paid(asked), asked, 8)), 'known rolled-back 0 @8 ahead');
    assert.equal(
      summary(saved(counted(before, { ...observing(5), healthyMs: 9 } as State), before, 8)),
      'known observing 5 @8',
    );
  });

  test('without a journal follows the flag, and never further than it says', () => {
    assert.equal(summary(following({ kind: 'unread' }, 25, 5)), 'provisional observing 25');
    assert.equal(summary(following(known(observing(25), 7), 10, 5)), 'provisional observing 10');
    assert.equal(summary(following({ kind: 'unread' }, 0, 5)), 'provisional idle 0');
    assert.equal(
      summary(loaded(following(known(observing(25), 7), 10, 5), row(observing(25), 7), undefined, true)),
      'known observing 25 @7',
    );
    assert.equal(summary(decided(following({ kind: 'unread' }, 25, 5), IDLE)), 'known idle 0 @undefined ahead');
  });
});
