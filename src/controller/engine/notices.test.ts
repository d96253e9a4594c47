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

test('a stage whose time is over and that waits for the functional checks is reported as one that holds', () => {
  const asking = { ...plan, stages: plan.stages.map((stage) => ({ ...stage, needsVerify: true })) };
  const state: State = { ...observing, healthyMs: 30 * MINUTE_MS } as State;
  const look = (noticed: typeof NOTHING_NOTICED, minute: number) =>
    noticesOf(noticed, {
      plan: asking,
      state,
      verdicts: [verdict('healthy')],
      nowMs: minute * MINUTE_MS,
      monotonicMs: minute * MINUTE_MS,
      holdAfterMs: 3 * MINUTE_MS,
      says: true,
    });
  const first = look(NOTHING_NOTICED, 0);
  assert.deepEqual(first.notes, []);
  assert.deepEqual(
    look(first.next, 3).notes.map(({ text }) => text),
    ['Holding at 25 % for 3 min: 25 % waits for `sluice verify`.'],
  );
});

type Minute = { readonly state?: State; readonly verdicts?: readonly Verdict[]; readonly says?: boolean };

/** What is reported, minute by minute. */
function shown(minutes: readonly Minute[], everyMs = MINUTE_MS): string[][] {
  let noticed = NOTHING_NOTICED;
  return minutes.map(({ state = observing, verdicts = [verdict('healthy')], says = true }, at) => {
    const monotonicMs = at * everyMs;
    // The wall clock is set an hour back in the middle, which no duration may notice.
    const nowMs = monotonicMs + (at > minutes.length / 2 ? 0 : 60 * MINUTE_MS);
    const seen = { plan, state, verdicts, nowMs, monotonicMs, holdAfterMs: 3 * MINUTE_MS, says };
    const { next, notes } = noticesOf(noticed, seen);
    noticed = next;
    return notes.map(({ text }) => text);
  });
}
const times = <T>(count: number, what: T): T[] => Array.from({ length: count }, () => what);
const unhealthyGuard = { verdicts: [verdict('no-data')] };

describe('a hold', () => {
  test('is reported once, when it has lasted long enough, with its reason', () => {
    const said = shown(times(8, unhealthyGuard));
    assert.deepEqual(said[3], ['Holding at 25 % for 3 min: errors (scrape) is no-data.']);
    assert.equal(said.flat().length, 1);
  });

  test('that ended in time is not reported; one that begins anew is counted anew', () => {
    assert.deepEqual(shown([...times(3, unhealthyGuard), {}, ...times(3, unhealthyGuard)]).flat(), []);
  });

  test('that ended and lasts again is reported at once after ten minutes, and before that in the sum', () => {
    const [held, well] = [times(4, unhealthyGuard), times(1, {})];
    const later = shown([...held, ...times(10, {}), ...held]);
    assert.deepEqual([later.flat().length, later.at(-1)?.length], [2, 1]);
    const soon = shown([...held, ...well, ...times(9, unhealthyGuard)]);
    assert.deepEqual(soon.slice(4), [
      ...times(9, []),
      ['Again: Holding at 25 % for 3 min: errors (scrape) is no-data; 1 time in 10 min.'],
    ]);
  });

  test('is reported of a stage that waits for approval, and of no pause and no rollback', () => {
    const waiting = { state: { phase: 'awaiting-approval', ...underway } as State };
    assert.deepEqual(shown(times(5, waiting)).flat(), ['Holding at 25 % for 3 min: it waits for approval.']);
    const why = { kind: 'plan' } as const;
    const paused = { ...unhealthyGuard, state: { phase: 'paused', from: 'observing', why, ...underway } as State };
    assert.deepEqual(shown(times(5, paused)).flat(), []);
    const rolledBack = {
      ...unhealthyGuard,
      state: { phase: 'rolled-back', from: 25, to: 0, sinceMs: 0, why } as State,
    };
    assert.deepEqual(shown(times(5, rolledBack)).flat(), []);
  });

  test('is not reported once the watch is over', () => {
    const complete = { phase: 'complete', ...underway, healthyMs: 61 * MINUTE_MS } as State;
    assert.deepEqual(shown(times(5, { ...unhealthyGuard, state: complete })).flat(), []);
  });
});

describe('a breach that only holds', () => {
  const breached = { verdicts: [verdict('breached', 'hold')] };

  test('is reported once, with value, limit and samples, and again when it comes back later', () => {
    const said = shown([breached, breached, ...times(9, {}), breached]);
    assert.match(said[0]?.[0] ?? '', /Guard errors by scrape is breached .* value 2 %, limit 1%, 300 samples/);
    assert.deepEqual(
      said.map(({ length }) => length),
      [1, ...times(10, 0), 1],
    );
  });

  test('each other second for an hour is reported six times, and not 1,800 times', () => {
    const hour = Array.from({ length: 3_600 }, (_, second) => (second % 2 === 0 ? breached : {}));
    const said = shown(hour, 1_000).flat();
    assert.equal(said.length, 6);
    assert.match(said[1] ?? '', /^Again: Guard errors by scrape is breached .*; 300 times in 10 min\.$/);
  });

  test('is left to the leader to report, and reported by who stood by once it leads itself', () => {
    const standby = { ...breached, says: false };
    assert.deepEqual(
      shown([standby, breached, breached]).map(({ length }) => length),
      [0, 1, 0],
    );
    assert.deepEqual(shown([breached, standby, breached]).flat().length, 1);
  });

  test('that rolls back is left to the rollback to report', () => {
    assert.deepEqual(shown([{ verdicts: [verdict('breached')] }]).flat(), []);
  });
});
