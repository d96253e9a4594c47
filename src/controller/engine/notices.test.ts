import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePlan } from '../../rollout/plan.ts';
import type { State } from '../../rollout/state.ts';
import type { Verdict } from '../../rollout/verdict.ts';
import { NOTHING_NOTICED, noticesOf } from './notices.ts';

const plan = parsePlan(`
rollout: r
flag: f
stages: [{ percent: 25, observe: 30m }, { percent: 50, observe: 1h, approval: required }]
watch: 1h
guards: [{ name: errors, measure: error-rate, limit: 1%, onBreach: off }]
`);
const MINUTE_MS = 60_000;
const underway = { percent: 25, sinceMs: 0, healthyMs: 0, countedAtMs: 0 };
const observing: State = { phase: 'observing', ...underway };
const verdict = (kind: Verdict['kind'], onBreach: Verdict['onBreach'] = 'off'): Verdict => ({
  guard: 'errors',
  source: 'scrape',
  kind,
  onBreach,
  value: 0.02,
  limit: 0.01,
  limitText: '1%',
  samples: 300,
  evidence: undefined,
  detail: '',
});

test('a stage whose time is over and that waits for the functional checks is told of as one that holds', () => {
  const asking = { ...plan, stages: plan.stages.map((stage) => ({ ...stage, needsVerify: true })) };
  const state: State = { ...observing, healthyMs: 30 * MINUTE_MS } as State;
  const look = (noticed: typeof NOTHING_NOTICED, minute: number) =>
    noticesOf(noticed, {
      plan: asking,
      state,
      verdicts: [verdict('healthy')],
      nowMs: minute * MINUTE_MS,
      holdAfterMs: 3 * MINUTE_MS,
    });
  const first = look(NOTHING_NOTICED, 0);
  assert.deepEqual(first.notes, []);
  assert.deepEqual(
    look(first.next, 3).notes.map(({ text }) => text),
    ['Holding at 25 % for 3 min: 25 % waits for `sluice verify`.'],
  );
});

/** What is told, minute by minute. */
function told(minutes: readonly { readonly state?: State; readonly verdicts?: readonly Verdict[] }[]): string[][] {
  let noticed = NOTHING_NOTICED;
  return minutes.map(({ state = observing, verdicts = [verdict('healthy')] }, minute) => {
    const seen = { plan, state, verdicts, nowMs: minute * MINUTE_MS, holdAfterMs: 3 * MINUTE_MS };
    const { next, notes } = noticesOf(noticed, seen);
    noticed = next;
    return notes.map(({ text }) => text);
  });
}
const times = <T>(count: number, what: T): T[] => Array.from({ length: count }, () => what);
const unhealthyGuard = { verdicts: [verdict('no-data')] };

describe('a hold', () => {
  test('is told once, when it has lasted long enough, with its reason', () => {
    const said = told(times(8, unhealthyGuard));
    assert.deepEqual(said[3], ['Holding at 25 % for 3 min: errors (scrape) is no-data.']);
    assert.equal(said.flat().length, 1);
  });

  test('that ended in time is not told; one that begins anew is counted anew', () => {
    assert.deepEqual(told([...times(3, unhealthyGuard), {}, ...times(3, unhealthyGuard)]).flat(), []);
    assert.equal(told([...times(4, unhealthyGuard), {}, ...times(4, unhealthyGuard)]).flat().length, 2);
  });

  test('is told of a stage that waits for approval, and of no pause and no rollback', () => {
    const waiting = { state: { phase: 'awaiting-approval', ...underway } as State };
    assert.deepEqual(told(times(5, waiting)).flat(), ['Holding at 25 % for 3 min: it waits for approval.']);
    const why = { kind: 'plan' } as const;
    const paused = { ...unhealthyGuard, state: { phase: 'paused', from: 'observing', why, ...underway } as State };
    assert.deepEqual(told(times(5, paused)).flat(), []);
    const rolledBack = {
      ...unhealthyGuard,
      state: { phase: 'rolled-back', from: 25, to: 0, sinceMs: 0, why } as State,
    };
    assert.deepEqual(told(times(5, rolledBack)).flat(), []);
  });

  test('is not told once the watch is over', () => {
    const complete = { phase: 'complete', ...underway, healthyMs: 61 * MINUTE_MS } as State;
    assert.deepEqual(told(times(5, { ...unhealthyGuard, state: complete })).flat(), []);
  });
});

describe('a breach that only holds', () => {
  const breached = { verdicts: [verdict('breached', 'hold')] };

  test('is told once, with value, limit and samples, and again when it comes back', () => {
    const said = told([breached, breached, {}, breached]);
    assert.match(said[0]?.[0] ?? '', /Guard errors by scrape is breached .* value 2 %, limit 1%, 300 samples/);
    assert.deepEqual(
      said.map(({ length }) => length),
      [1, 0, 0, 1],
    );
  });

  test('that rolls back is left to the rollback to tell', () => {
    assert.deepEqual(told([{ verdicts: [verdict('breached')] }]).flat(), []);
  });
});
