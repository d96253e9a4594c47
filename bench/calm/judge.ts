import { addTrials, beginTest, isBreached, type SequentialTest } from '../../src/rollout/sequential-test.ts';
import { ALPHA } from './cases.ts';

/** The one place where trials meet the production code. A state is never changed, so one past can have many futures. */
export type Judged = SequentialTest;

export const beginJudging = (limitShare: number): Judged => beginTest({ limitShare, alpha: ALPHA });

export function judge(judged: Judged, trials: number, bad: number, nowMs: number): Judged {
  return addTrials(judged, { trials, bad }, nowMs);
}

export const hasBreached = (judged: Judged): boolean => isBreached(judged);
