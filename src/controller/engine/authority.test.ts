import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mayLower, roleOf, STANDBY_GRACE_MS, whyNoRaise } from './authority.ts';
import type { Held } from './held.ts';

const held: Held = {
  kind: 'known',
  state: { phase: 'observing', percent: 5, sinceMs: 1, healthyMs: 0, countedAtMs: 1 },
  revision: 7,
  ahead: false,
  debt: undefined,
};
const seen = {
  held,
  leading: true,
  leadingSinceMs: 1_000,
  journal: { answers: true, heardAtMs: 2_000 },
  ledLast: false,
  nowMs: 2_500,
  everyMs: 1_000,
};

describe('a controller', () => {
  test('leads with the lock and a journal that it has heard of since, and lately', () => {
    assert.equal(roleOf(seen), 'leader');
    assert.equal(roleOf({ ...seen, leading: false }), 'standby');
  });

  test('that just got the lock stands by until it has read what the one before left', () => {
    assert.equal(roleOf({ ...seen, journal: { answers: true, heardAtMs: 999 } }), 'standby');
  });

  test('that was frozen stands by until it has heard of the journal again', () => {
    assert.equal(roleOf({ ...seen, nowMs: 60_000 }), 'standby');
  });

  test('guards on as an orphan when the journal goes away under it, and is alone where it did not lead', () => {
    const away = { ...seen, leading: false, journal: { answers: false, heardAtMs: 2_000 } };
    assert.equal(roleOf({ ...away, ledLast: true }), 'orphan');
    assert.equal(roleOf(away), 'alone');
  });

  test('whose lock is gone is no standby before the journal has said so: it may be the journal that hangs', () => {
    const lost = { ...seen, leading: false, ledLast: true };
    assert.equal(roleOf(lost), 'orphan');
    assert.equal(roleOf({ ...lost, ledLast: false }), 'standby');
    assert.equal(roleOf({ ...lost, nowMs: 60_000 }), 'standby', 'it was frozen, and knows nothing of now');
  });

  test('never leads before it knows where the rollout is', () => {
    assert.equal(roleOf({ ...seen, held: { kind: 'unread' } }), 'standby');
  });
});

test('who stands by lowers only what the leader left up for its time; everybody else lowers at once', () => {
  const seen = { breachSinceMs: 0, journalHeardAtMs: 1, nowMs: STANDBY_GRACE_MS };
  assert.equal(mayLower({ ...seen, role: 'standby', nowMs: STANDBY_GRACE_MS - 1 }), false);
  assert.equal(mayLower({ ...seen, role: 'standby' }), true);
  assert.equal(mayLower({ ...seen, role: 'standby', journalHeardAtMs: 0 }), false, 'the leader may have acted since');
  for (const role of ['leader', 'orphan', 'alone'] as const) {
    assert.equal(mayLower({ ...seen, role, nowMs: 0, journalHeardAtMs: -1 }), true);
  }
});

describe('the percent is raised', () => {
  const replica = { replica: 'a:1', servedPercent: 5 };
  const facts = {
    role: 'leader' as const,
    leading: true,
    held,
    bufferedEvents: 0,
    flag: { kind: 'read', percent: 5, leaseUntilMs: undefined } as const,
    served: { kind: 'read', replicas: [replica], missing: [] } as never,
    hasWitness: true,
    isMismatchUnread: false,
    firing: [],
    isLeverTried: true,
    leverProblem: undefined,
  };

  test('by a leader for whom everything is in place', () => {
    assert.equal(whyNoRaise(facts), undefined);
  });

  for (const [what, more, why] of [
    ['by nobody else', { role: 'standby', leading: false }, /another one leads/],
    ['not without the database', { role: 'alone', leading: false }, /the database is unreachable/],
    ['not while events wait for the journal', { bufferedEvents: 1 }, /the journal cannot be written/],
    ['not while an alert fires', { firing: ['Slow'] }, /alert Slow fires/],
    ['not while the flag cannot be read', { flag: { kind: 'unreachable', why: 'gone' } }, /gives no percent \(gone\)/],
    ['not while a rollback could not be written', { leverProblem: 'The lever fails: 403' }, /The lever fails: 403/],
    ['not before the lever was tried', { isLeverTried: false }, /could be written is not known yet/],
    ['not before the replicas were read', { served: undefined }, /not been read yet/],
    ['not before it is known what was found to differ', { isMismatchUnread: true }, /not been read yet/],
    ['not where no source says what they serve', { served: undefined, hasWitness: false }, /no source says/],
    [
      'not while one of them serves something else',
      { served: { kind: 'read', replicas: [{ ...replica, servedPercent: 0 }], missing: [] } },
      /not every replica serves 5 %: a:1/,
    ],
  ] as const) {
    test(what, () => {
      assert.match(whyNoRaise({ ...facts, ...(more as object) }) ?? 'nothing forbids it', why);
    });
  }
});
