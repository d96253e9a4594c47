import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isoTime, timeOfIso } from './iso-time.ts';

const TIMES = [
  ['2026-03-01 12:00:00.5+00', '2026-03-01T12:00:00.500Z', '2026-03-01T12:00:00.500Z'],
  ['57891-02-03 04:05:06.007+00', '+057891-02-03T04:05:06.007Z', '57891-02-03T04:05:06.007Z'],
  ['0044-03-15 00:00:00+00 BC', '-000043-03-15T00:00:00.000Z', '0044-03-15T00:00:00.000Z BC'],
  ['0001-12-31 00:00:00+00 BC', '+000000-12-31T00:00:00.000Z', '0001-12-31T00:00:00.000Z BC'],
  ['infinity', 'infinity', 'infinity'],
  [null, null, null],
] as const;

test('a time of PostgreSQL is one of ISO 8601, and that is one that PostgreSQL reads', () => {
  for (const [text, iso, read] of TIMES) {
    assert.deepEqual([isoTime(text), timeOfIso(iso)], [iso, read]);
  }
});
