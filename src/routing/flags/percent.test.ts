import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@openfeature/server-sdk';
import { readingFromDetails } from './flag-source.ts';

const details = (value: unknown, more: object = {}) =>
  ({ flagKey: 'f', flagMetadata: {}, value, reason: 'STATIC', ...more }) as Parameters<typeof readingFromDetails>[0];

test('takes a whole number from 0 to 100 as it is', () => {
  for (const value of [0, 1, 50, 100]) {
    assert.deepEqual(readingFromDetails(details(value)), { percent: value, reason: 'STATIC', errorCode: '' });
  }
});

test('takes anything else as 0, and says why', () => {
  for (const value of [-1, 101, 7.5, Number.NaN, Number.POSITIVE_INFINITY, '50', true, null, undefined, {}]) {
    assert.deepEqual(readingFromDetails(details(value)), { percent: 0, reason: 'ERROR', errorCode: 'INVALID_PERCENT' });
  }
});

test('takes an evaluation that failed as 0, whatever value came with it', () => {
  const reading = readingFromDetails(details(100, { reason: 'ERROR', errorCode: ErrorCode.FLAG_NOT_FOUND }));
  assert.deepEqual(reading, { percent: 0, reason: 'ERROR', errorCode: 'FLAG_NOT_FOUND' });
});
