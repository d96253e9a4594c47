import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventAnswer } from '../../contract/schemas.ts';
import type { Breach } from './breach.ts';
import { breachPromises, climbPromise } from './promises.ts';
import type { Answer } from './traffic.ts';

const BREACH: Breach = {
  faultAtMs: 0,
  seenAtMs: 800,
  writtenAtMs: 810,
  lastDomainAtMs: 820,
  lastDomainByReplica: [820, 700],
  confirmedAtMs: 850,
  why: '',
  clients: { requests: 100, failed: 0, slow: 3 },
};

const answer = (sentAtMs: number, more: Partial<Answer> = {}): Answer => ({
  requestId: 'r',
  replica: 0,
  sentAtMs,
  answeredAtMs: sentAtMs + 5,
  status: 200,
  path: 'legacy',
  decision: 'rollout',
  ...more,
});

const kept = (breach: Breach, ...answers: Answer[]) => breachPromises(1, breach, answers).map(({ holds }) => holds);

test('a breach keeps its promises when it is over in time, for good, and without an error', () => {
  assert.deepEqual(kept(BREACH, answer(820, { path: 'domain' }), answer(900)), [true, true, true]);
});

test('a breach that takes too long breaks a promise', () => {
  assert.deepEqual(kept({ ...BREACH, confirmedAtMs: 5_001 }), [false, true, true]);
});

test('a domain request after the confirmation breaks a promise, also one that legacy answered in the end', () => {
  assert.deepEqual(kept(BREACH, answer(851, { path: 'domain' })), [true, false, true]);
  assert.deepEqual(kept(BREACH, answer(851, { decision: 'fallback' })), [true, false, true]);
});

test('an error that a client saw breaks a promise', () => {
  assert.deepEqual(kept({ ...BREACH, clients: { requests: 100, failed: 1, slow: 0 } }), [true, true, false]);
});

test('a climb that leaves out a stage, or has no events at all, breaks a promise', () => {
  const climb = (...percents: number[]) =>
    climbPromise(
      percents
        .map((to) => ({ kind: to === 0 ? 'rolled-back' : to === 5 ? 'started' : 'promoted', to }) as EventAnswer)
        .reverse(),
      [5, 10, 25],
    ).holds;
  assert.equal(climb(5, 10, 25, 0, 5, 10, 25, 0), true);
  assert.equal(climb(5, 25, 0), false);
  assert.equal(climb(5, 10, 25, 10, 0), false);
  assert.equal(climb(), false);
});

test('a promise that is broken says why, with at most three of its cases', () => {
  const late = [901, 902, 903, 904].map((sentAtMs) => answer(sentAtMs, { path: 'domain', requestId: `r${sentAtMs}` }));
  const [, after] = breachPromises(1, BREACH, late);
  assert.match(after?.why ?? '', /^r901 by replica 1, sent 51 ms after .+; r902 .+; r903 .+; and 1 more$/);

  const failed = [answer(10, { status: 503 }), answer(20, { status: undefined, failure: 'no answer within 10 s' })];
  const [, , errors] = breachPromises(1, { ...BREACH, clients: { requests: 2, failed: 2, slow: 0 } }, failed);
  assert.match(
    errors?.why ?? '',
    /sent 10 ms after the fault: answered 503; .+ after the fault: no answer within 10 s$/,
  );

  const [tooLate] = breachPromises(1, { ...BREACH, confirmedAtMs: 6_000 }, []);
  assert.equal(tooLate?.why, '800 ms to see the breach, 10 ms to write the flag, 5.19 s until every replica served it');
  assert.ok(breachPromises(1, BREACH, []).every(({ why }) => why === undefined));
});

test('a percent that was taken over from the flag breaks a promise, also where it is the one of the plan', () => {
  const history = [
    { kind: 'rolled-back', to: 0, text: 'Rolled back' },
    { kind: 'adopted', to: 25, text: 'Taken over' },
    { kind: 'promoted', to: 10, text: 'Promoted' },
    { kind: 'started', to: 5, text: 'Started' },
  ] as EventAnswer[];
  const { holds, why } = climbPromise(history, [5, 10, 25]);
  assert.deepEqual([holds, why], [false, 'Taken over']);
});
