import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { verdict } from '../../test/support/verdict-fixture.ts';
import { isPercent } from '../kit/percent.ts';
import { COMMANDS } from './command.ts';
import { decide, type Input } from './decide.ts';
import { parsePlan } from './plan.ts';
import { ON_BREACH } from './plan-schema.ts';
import { IDLE, PHASES, percentBelow, percentOf, type State, servedSince } from './state.ts';
import type { Knowledge } from './transitions.ts';
import { VERDICTS } from './verdict.ts';

const SEED = 20_261_124;
const OBSERVE_MS = 10_000;
const LONGEST_COUNTED_MS = 5_000;
const plan = parsePlan(`
rollout: violation-status
flag: some-flag
stages:
  - { percent: 5,   observe: 10s }
  - { percent: 25,  observe: 10s, verify: required }
  - { percent: 50,  observe: 10s, approval: required }
  - { percent: 100, observe: 10s }
watch: 1h
guards:
  - { name: errors, measure: error-rate, limit: 1%, onBreach: off }
`);

const healthy = [verdict('healthy', 'off')];
const verdicts = fc.oneof(
  { weight: 4, arbitrary: fc.constant(healthy) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.tuple(fc.constantFrom(...VERDICTS), fc.constantFrom(...ON_BREACH)).map(([kind, on]) => verdict(kind, on)),
      { maxLength: 3 },
    ),
  },
);
const percents = fc.constantFrom(0, 3, 5, 25, 50, 70, 100);
const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Input>({ kind: 'tick' }) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...COMMANDS), fc.option(percents, { nil: undefined }))
      .map(([name, to]): Input => ({ kind: 'command', command: { name, actor: 'ana', reason: '', to } })),
  },
  { weight: 1, arbitrary: fc.constant<Input>({ kind: 'alert', id: 'a', alert: 'Slow' }) },
  { weight: 1, arbitrary: percents.map((percent): Input => ({ kind: 'flag-edited', percent, by: 'manual edit' })) },
  { weight: 3, arbitrary: fc.boolean().map((passed): Input => ({ kind: 'verified', passed })) },
  {
    weight: 1,
    arbitrary: fc.nat(1).map((findings): Input => ({ kind: 'checked', checked: { findings, changes: 1, detail: '' } })),
  },
);
/** Time mostly goes on by seconds, and sometimes leaps by hours, either way. */
const elapsed = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 6_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -86_400_000, max: 86_400_000 }) },
);
const step = fc.record({
  input,
  elapsed,
  verdicts,
  noRaise: fc.option(fc.constant('standing by'), { nil: undefined, freq: 4 }),
  restarts: fc.boolean(),
});

type Seen = { before: State; after: State; input: Input; known: Knowledge; said: ReturnType<typeof decide> };

/** Any order of events, with restarts anywhere: `check` sees each step. */
function forAnyHistory(check: (seen: Seen) => void): void {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), (steps) => {
      let state: State = IDLE;
      let nowMs = Date.UTC(2026, 0, 1);
      for (const each of steps) {
        nowMs += each.elapsed;
        const before: State = each.restarts ? JSON.parse(JSON.stringify(state)) : state;
        const known = { nowMs, tickMs: 500, verdicts: each.verdicts, firing: [], noRaise: each.noRaise };
        const said = decide(plan, before, each.input, known);
        check({ before, after: said.state, input: each.input, known, said });
        state = said.state;
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
}

const WATCH_MS = 3_600_000;
const isWatched = (state: State) =>
  percentOf(state) > 0 && !(state.phase === 'complete' && state.healthyMs >= WATCH_MS);

test('a breach ends at its target at once, from every state that serves domain, paused ones too', () => {
  let breaches = 0;
  forAnyHistory(({ before, after, input, known }) => {
    const acting = known.verdicts.filter(({ kind, onBreach }) => kind === 'breached' && onBreach !== 'hold');
    if (input.kind !== 'tick' || acting.length === 0 || !isWatched(before)) {
      return;
    }
    breaches += 1;
    const target = acting.some(({ onBreach }) => onBreach === 'off') ? 0 : percentBelow(plan, percentOf(before));
    assert.equal(after.phase, 'rolled-back');
    assert.equal(percentOf(after), target);
  });
  assert.ok(breaches > 100, `only ${breaches} breaches came`);
});

test('time alone raises the percent only by one stage, after that much health, and never while raising is barred', () => {
  let rises = 0;
  forAnyHistory(({ before, after, input, known }) => {
    const isHealthy = known.verdicts.length > 0 && known.verdicts.every(({ kind }) => kind === 'healthy');
    const passedMs = before.phase === 'observing' || before.phase === 'complete' ? known.nowMs - before.countedAtMs : 0;
    const countedMs = isHealthy ? Math.min(Math.max(passedMs, 0), LONGEST_COUNTED_MS) : 0;
    const healthBefore = 'healthyMs' in before ? before.healthyMs : 0;
    if ('healthyMs' in after && percentOf(after) === percentOf(before)) {
      assert.ok(after.healthyMs <= healthBefore + countedMs, 'no more counts than was healthy');
    } else if ('healthyMs' in after) {
      assert.equal(after.healthyMs, 0, 'what was seen before a stage does not count for it');
    }
    if (input.kind === 'command' || input.kind === 'flag-edited') {
      return;
    }
    if (percentOf(after) > percentOf(before)) {
      rises += 1;
      assert.equal(input.kind, 'tick');
      assert.ok(isHealthy);
      assert.equal(known.noRaise, undefined);
      assert.ok(healthBefore + countedMs >= OBSERVE_MS);
      assert.equal(percentOf(before), percentBelow(plan, percentOf(after)));
      assert.notEqual(percentOf(after), 50, 'that stage needs approval');
    }
  });
  assert.ok(rises > 20, `only ${rises} rises came`);
});

test('a stage that asks for functional checks is left upwards only after they passed on it, by nobody but who edits the flag', () => {
  let left = 0;
  let held = 0;
  let passed = false;
  forAnyHistory(({ before, after, input, known, said }) => {
    const isWaiting = before.phase === 'observing' || before.phase === 'awaiting-approval';
    if (percentOf(before) === 25 && isWaiting && input.kind !== 'flag-edited') {
      const leaves = percentOf(after) > 25 || (before.phase === 'observing' && after.phase === 'awaiting-approval');
      assert.ok(passed || !leaves, 'left without checks that passed');
      left += leaves ? 1 : 0;
      const healthy = known.verdicts.length > 0 && known.verdicts.every(({ kind }) => kind === 'healthy');
      held += healthy && said.kind === 'refused' && !passed ? 1 : 0;
    }
    const sameStage = servedSince(after) === servedSince(before) && after.phase !== 'idle';
    if (!sameStage) {
      passed = false;
    } else if (input.kind === 'verified') {
      passed = input.passed;
    }
  });
  assert.ok(left > 20 && held > 20, `only ${left} times left and ${held} times held`);
});

test('what a human lowered stays down until a human asks for more', () => {
  let lowered = 0;
  let ceiling: number | undefined;
  forAnyHistory(({ before, after, input }) => {
    if (before.phase === 'idle') {
      ceiling = undefined;
    }
    const isHuman = input.kind === 'command' || input.kind === 'flag-edited';
    if (ceiling !== undefined && !isHuman) {
      assert.ok(percentOf(after) <= ceiling, `${ceiling} % became ${percentOf(after)} %`);
    }
    if (isHuman && percentOf(after) < percentOf(before)) {
      lowered += 1;
      ceiling = percentOf(after);
    } else if (isHuman && after !== before) {
      ceiling = undefined;
    }
  });
  assert.ok(lowered > 100, `only ${lowered} times lowered`);
});

test('every state is a legal one, and a rollback to 0 % goes through from each of them, whatever is known', () => {
  forAnyHistory(({ after, known }) => {
    assert.ok(PHASES.includes(after.phase));
    assert.ok(isPercent(percentOf(after)));
    if ('healthyMs' in after) {
      assert.ok(Number.isFinite(after.healthyMs) && after.healthyMs >= 0);
      assert.ok(Number.isFinite(after.sinceMs) && Number.isFinite(after.countedAtMs));
    }
    const command = { name: 'rollback', actor: 'ana', reason: '' } as const;
    const said = decide(
      plan,
      after,
      { kind: 'command', command },
      { ...known, verdicts: [], firing: [], noRaise: 'everything is away' },
    );
    assert.equal(said.kind, 'changed');
    assert.equal(percentOf(said.state), 0);
  });
});
