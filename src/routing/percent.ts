import type { EvaluationDetails } from '@openfeature/server-sdk';

/** A whole number from 0 to 100. */
export type Percent = number;

/** What the flag said, and why. A percent that cannot be trusted is 0. */
export type FlagReading = {
  readonly percent: Percent;
  /** OpenFeature's reason: STATIC, TARGETING_MATCH, DEFAULT, DISABLED, ERROR … */
  readonly reason: string;
  /** OpenFeature's error code, or INVALID_PERCENT for a number that is no percent; empty where nothing is wrong. */
  readonly errorCode: string;
};

function isPercent(value: unknown): value is Percent {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100;
}

export function readingFromDetails(details: EvaluationDetails<number>): FlagReading {
  const reason = details.reason ?? 'UNKNOWN';
  if (details.errorCode !== undefined) {
    return { percent: 0, reason, errorCode: details.errorCode };
  }
  if (!isPercent(details.value)) {
    return { percent: 0, reason: 'ERROR', errorCode: 'INVALID_PERCENT' };
  }
  return { percent: details.value, reason, errorCode: '' };
}
