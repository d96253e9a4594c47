import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDurationMs } from './units.ts';

test('a length of time is told in its two largest units', () => {
  const told = ['0ms', '999ms', '1s', '90s', '60m', '150m', '24h', '51h', '7d'].map((text) =>
    formatDuration(parseDurationMs(text) ?? Number.NaN),
  );
  assert.deepEqual(told, ['0 ms', '999 ms', '1 s', '1 min 30 s', '1 h', '2 h 30 min', '24 h', '2 d 3 h', '7 d']);
});
