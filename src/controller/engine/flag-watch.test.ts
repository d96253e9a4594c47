import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { known, observing } from '../../../test/support/carry-out-fixture.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { Reason, State } from '../../rollout/state.ts';
import type { Role } from './authority.ts';
import { readFlagMeaning } from './flag-watch.ts';
import type { Held } from './held.ts';

const plan = (more: Partial<Plan> = {}) => ({ afterRollback: 'person', leaseMs: undefined, ...more }) as Plan;
const down = (why: Reason): State => ({ phase: 'rolled-back', from: 25, to: 0, sinceMs: 2, why });
const BY_GUARD: Reason = { kind: 'alert', alert: 'Slow', id: '1' };
const BY_PERSON: Reason = { kind: 'command', actor: 'ann', reason: '' };
type Look = {
  readonly held: Held;
  readonly says: number;
  readonly role?: Role;
  readonly plan?: Plan;
  readonly leaseUntilMs?: number;
  /** For how long the flag has said so, and whether the journal was read since. */
  readonly forMs?: number;
  readonly journalRead?: boolean;
  readonly isWatched?: boolean;
  readonly unguarded?: readonly string[];
};

const NOW_MS = 100_000;

function meaning({
  held,
  says,
  role = 'leader',
  plan: given = plan(),
  leaseUntilMs,
  forMs = 5_000,
  journalRead = true,
  isWatched = true,
  unguarded,
}: Look) {
  const found = readFlagMeaning({
    plan: given,
    held,
    role,
    reading: { kind: 'read', percent: says, leaseUntilMs, ...(unguarded && { unguarded }) },
    isWatched,
    difference: { percent: says, sinceMs: NOW_MS - forMs },
    journalHeardAtMs: journalRead ? NOW_MS - 10 : NOW_MS - forMs - 1,
    nowMs: NOW_MS,
    wallMs: NOW_MS,
  });
  return Object.values(found).join(' ');
}

test('who stands by asks the journal before it writes what is owed over a change that came after it was read', () => {
  const debt = { from: 25, to: 0, why: BY_PERSON, seenAtMs: 1 };
  const look = { held: known(down(BY_PERSON), { debt }), says: 5, journalRead: false };
  assert.equal(meaning({ ...look, role: 'standby' }), 'ask-journal');
  assert.equal(meaning({ ...look, role: 'standby', journalRead: true }), 'lower');
  for (const role of ['leader', 'orphan', 'alone'] as const) {
    assert.equal(meaning({ ...look, role }), 'lower', role);
  }
});

test('a percent whose lease ran out is written down as 0 %, so that it can be raised again', () => {
  const look = { says: 50, plan: plan({ leaseMs: 60_000 }), leaseUntilMs: NOW_MS - 1 };
  assert.equal(meaning({ ...look, held: known(down({ kind: 'lease' })) }), 'renew-lease 0');
  assert.equal(meaning({ ...look, held: known(observing(50)) }), 'edited 0 lease');
});

describe('a flag that says what is wanted', () => {
  test('asks for nothing', () => {
    assert.equal(meaning({ held: known(observing(25)), says: 25 }), 'as-wanted');
  });

  test('is written again where its lease ends soon, has none though the plan asks for one, or has one that the plan does not', () => {
    const leased = plan({ leaseMs: 60_000 });
    assert.equal(
      meaning({ held: known(observing(25)), says: 25, plan: leased, leaseUntilMs: NOW_MS + 59_000 }),
      'as-wanted',
    );
    assert.equal(
      meaning({ held: known(observing(25)), says: 25, plan: leased, leaseUntilMs: NOW_MS + 30_000 }),
      'renew-lease 25',
    );
    assert.equal(meaning({ held: known(observing(25)), says: 25, plan: leased }), 'renew-lease 25');
    assert.equal(meaning({ held: known(observing(25)), says: 25, leaseUntilMs: NOW_MS + 30_000 }), 'renew-lease 25');
    assert.equal(meaning({ held: known(observing(25)), says: 25, plan: leased, role: 'standby' }), 'as-wanted');
  });

  test('is written again where its lease runs far longer than the plan asks for: it had another one, or the clock was set back', () => {
    const look = { held: known(observing(25)), says: 25, plan: plan({ leaseMs: 60_000 }) };
    assert.equal(meaning({ ...look, leaseUntilMs: NOW_MS + 89_000 }), 'as-wanted');
    assert.equal(meaning({ ...look, leaseUntilMs: NOW_MS + 3_600_000 }), 'renew-lease 25');
  });
});

describe('a flag that says something else', () => {
  test('is an edit by hand once the journal was read and does not explain it', () => {
    const held = known(observing(25));
    assert.equal(meaning({ held, says: 10 }), 'edited 10 manual edit');
    assert.equal(meaning({ held, says: 50 }), 'edited 50 manual edit');
  });

  test('was found so where this controller did not see it change: nobody is blamed', () => {
    assert.equal(meaning({ held: known(observing(25)), says: 10, isWatched: false }), 'edited 10 found');
  });

  test('may be the doing of another controller, whose journal comes after its flag', () => {
    const held = known(observing(25));
    assert.equal(meaning({ held, says: 0, forMs: 500 }), 'ask-journal');
    assert.equal(meaning({ held, says: 0, journalRead: false }), 'ask-journal');
    assert.equal(meaning({ held, says: 0, role: 'standby' }), 'ask-journal');
  });

  test('whose lease ran out says 0, and nobody edited it', () => {
    const held = known(observing(25));
    assert.equal(
      meaning({ held, says: 25, leaseUntilMs: NOW_MS - 1, plan: plan({ leaseMs: 60_000 }) }),
      'edited 0 lease',
    );
  });

  test('is lowered as long as a rollback is not written', () => {
    const debt = { from: 25, to: 0, why: BY_GUARD, seenAtMs: 2 };
    assert.equal(meaning({ held: known(down(BY_GUARD), { debt }), says: 25 }), 'lower');
  });

  test('cannot be explained without a journal: it is guarded as it is', () => {
    assert.equal(meaning({ held: known(observing(25)), says: 10, role: 'orphan' }), 'follow 10');
    assert.equal(meaning({ held: { kind: 'unread' }, says: 10, role: 'alone' }), 'follow 10');
    assert.equal(meaning({ held: { kind: 'unread' }, says: 10, role: 'standby' }), 'as-wanted');
  });
});

describe('a flag that is raised after a rollback', () => {
  test('by a guard, an alert or a lease is lowered again at once, with and without a journal', () => {
    for (const role of ['leader', 'orphan'] as const) {
      assert.equal(meaning({ held: known(down(BY_GUARD)), says: 25, role, forMs: 0 }), 'lower-again 25');
    }
  });

  test('is left to the leader by who stands by, who does it where the leader does not', () => {
    const held = known(down(BY_GUARD));
    assert.equal(meaning({ held, says: 25, role: 'standby', forMs: 500 }), 'ask-journal');
    assert.equal(meaning({ held, says: 25, role: 'standby', journalRead: false }), 'ask-journal');
    assert.equal(meaning({ held, says: 25, role: 'standby' }), 'lower-again 25');
    assert.equal(meaning({ held, says: 25, role: 'alone' }), 'follow 25');
  });

  test('that a person asked for is an edit like any other', () => {
    assert.equal(meaning({ held: known(down(BY_PERSON)), says: 25 }), 'edited 25 manual edit');
  });

  test('is an edit where the plan says that edits count', () => {
    const held = known(down(BY_GUARD));
    assert.equal(meaning({ held, says: 25, plan: plan({ afterRollback: 'edit' }) }), 'edited 25 manual edit');
  });

  test('and lowered further by hand is taken over', () => {
    const held = known({ phase: 'rolled-back', from: 25, to: 10, sinceMs: 2, why: BY_GUARD });
    assert.equal(meaning({ held, says: 5 }), 'edited 5 manual edit');
  });
});

describe('a flag that is enabled at 0 %, where its targeting serves domain', () => {
  const disabling = plan({ rollbackWith: 'disabled' });
  const enabled = { says: 0, unguarded: ['p25'] };
  const fell = { ...enabled, held: known(down(BY_GUARD)) };

  test('is disabled again after an automatic rollback of a plan that disables, by who leads or led', () => {
    assert.equal(meaning({ ...fell, plan: disabling }), 'lower-again 0');
    assert.equal(meaning({ ...fell, plan: disabling, role: 'orphan' }), 'lower-again 0');
    assert.equal(meaning({ ...fell, plan: disabling, role: 'standby' }), 'as-wanted');
  });

  test('stays as it is where the plan does not disable, an edit counts, a person rolled back, or nobody is served', () => {
    assert.equal(meaning({ ...fell, plan: plan({ rollbackWith: 'variant' }) }), 'as-wanted');
    assert.equal(meaning({ ...fell, plan: plan({ rollbackWith: 'disabled', afterRollback: 'edit' }) }), 'as-wanted');
    assert.equal(meaning({ ...enabled, held: known(down(BY_PERSON)), plan: disabling }), 'as-wanted');
    assert.equal(meaning({ held: known(down(BY_GUARD)), says: 0, plan: disabling }), 'as-wanted');
  });

  test('is still written while a rollback is owed', () => {
    const debt = { from: 25, to: 0, why: BY_GUARD, seenAtMs: 1 };
    assert.equal(meaning({ ...enabled, held: known(down(BY_GUARD), { debt }), plan: disabling }), 'lower');
  });
});
