import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { observing, PLAN, rolledBack } from '../../../test/support/carry-out-fixture.ts';
import { verdict } from '../../../test/support/verdict-fixture.ts';
import { describeVerdict, evidenceOf } from './stage-evidence.ts';

const measuring = (asked: unknown[][] = []) => ({
  total: (...given: unknown[]) => {
    asked.push(given);
    return undefined;
  },
});

describe('the evidence of a stage', () => {
  test('is what every guard found and what was measured since it began, at its percent', () => {
    const asked: unknown[][] = [];
    const found = evidenceOf(PLAN, observing(25, 7), [verdict('healthy')], measuring(asked));
    assert.deepEqual([found?.percent, found?.healthyMs, found?.verdicts.length, found?.measured], [25, 0, 1, null]);
    assert.deepEqual(asked, [[7, 25]]);
  });

  test('is there where a rollback left some percent, without healthy time', () => {
    const found = evidenceOf(PLAN, rolledBack(25, 10), [], measuring());
    assert.deepEqual([found?.percent, found?.healthyMs], [10, null]);
  });

  test('is none at 0 %, where there is no stage', () => {
    assert.equal(evidenceOf(PLAN, { phase: 'idle' }, [], measuring()), undefined);
    assert.equal(evidenceOf(PLAN, rolledBack(25, 0), [], measuring()), undefined);
  });
});

describe('a verdict', () => {
  test('has the measure of its guard, and its own name where it is none of the plan', () => {
    assert.equal(describeVerdict(PLAN, verdict('healthy')).measure, 'error-rate');
    assert.equal(describeVerdict(PLAN, verdict('healthy', 'off', 'breaker')).measure, 'breaker');
  });

  test('has its evidence as a share of what a breach takes, never below 0, and no value where it is no number', () => {
    const enough = Math.log(1 / (1 - PLAN.confidence));
    const share = (evidence: number | undefined) => describeVerdict(PLAN, { ...verdict('healthy'), evidence }).evidence;
    assert.deepEqual([share(enough), share(-3), share(undefined)], [1, 0, null]);
    const value = (given: number | undefined) =>
      describeVerdict(PLAN, { ...verdict('healthy'), value: given } as never).value;
    assert.deepEqual([value(0.5), value(Number.POSITIVE_INFINITY), value(undefined)], [0.5, null, null]);
  });
});
