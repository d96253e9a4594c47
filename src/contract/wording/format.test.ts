import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  counted,
  formatBytes,
  formatCount,
  formatDuration,
  formatMinute,
  formatPercent,
  formatRate,
  formatSeconds,
  formatShare,
  formatTime,
  formatValue,
} from './format.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

describe('in both languages', () => {
  const spelled: readonly [string, string][] = [
    [formatCount(0), '0'],
    [formatCount(12_345), '12,345'],
    [formatCount(9_007_199_254_740_991), '9,007,199,254,740,991'],
    [counted(1, 'finding'), '1 finding'],
    [counted(12_345, 'finding'), '12,345 findings'],
    [formatPercent(0), '0 %'],
    [formatPercent(25), '25 %'],
    [formatPercent(0.9995 * 100), '99.95 %'],
    [formatPercent(0.99999 * 100), '99.999 %'],
    [formatPercent(null), '–'],
    [formatShare(0.00142), '0.142 %'],
    [formatShare(0.05), '5 %'],
    [formatShare(0.0000001), '0.00001 %'],
    [formatShare(null), '–'],
    [formatSeconds(0), '0 ms'],
    [formatSeconds(0.00951), '9.51 ms'],
    [formatSeconds(0.1184), '118 ms'],
    [formatSeconds(0.9994), '999 ms'],
    [formatSeconds(0.9996), '1 s'],
    [formatSeconds(2.5), '2.5 s'],
    [formatSeconds(12.345), '12.3 s'],
    [formatSeconds(null), '–'],
    [formatRate(25), '25/s'],
    [formatRate(12_345.6), '12,300/s'],
    [formatBytes(302_987_654), '289 MiB'],
    [formatBytes(null), '–'],
  ];
  for (const [found, expected] of spelled) {
    test(`it is ${expected}`, () => assert.equal(found, expected));
  }
});

describe('what a guard found', () => {
  const found: readonly [string, number | null | undefined, string][] = [
    ['200ms', 0.35, '350 ms'],
    ['200ms', 2.5, '2.5 s'],
    ['20s', 12.345, '12.3 s'],
    ['1%', 0.02, '2 %'],
    ['1%', 0.00412, '0.412 %'],
    ['1.5x', 1.2345, '1.23x'],
    ['2x', 0, '0x'],
    ['0', 12_345, '12,345'],
    ['200ms', null, '–'],
    ['0', undefined, '–'],
  ];
  for (const [limitText, value, expected] of found) {
    test(`is ${expected} where the limit is ${limitText}`, () => {
      assert.equal(formatValue({ value, limitText }), expected);
    });
  }
});

describe('how long something lasts', () => {
  const lasts: readonly [number, string, string][] = [
    [0, '0 s', '0 秒'],
    [0.4, '0 s', '0 秒'],
    [-40, '0 s', '0 秒'],
    [240, '240 ms', '240 毫秒'],
    [999.6, '1 s', '1 秒'],
    [2_530, '2.5 s', '2.5 秒'],
    [9_960, '10 s', '10 秒'],
    [45_300, '45 s', '45 秒'],
    [59_700, '1 min', '1 分钟'],
    [90_000, '1 min 30 s', '1 分钟 30 秒'],
    [HOUR_MS, '1 h', '1 小时'],
    [HOUR_MS + 5 * MINUTE_MS + 7_000, '1 h 5 min', '1 小时 5 分钟'],
    [DAY_MS, '24 h', '24 小时'],
    [2 * DAY_MS, '2 d', '2 天'],
    [2 * DAY_MS + 3 * HOUR_MS, '2 d 3 h', '2 天 3 小时'],
  ];
  for (const [ms, en, zh] of lasts) {
    test(`is ${en}, or ${zh}`, () => assert.deepEqual([formatDuration(ms, 'en'), formatDuration(ms, 'zh')], [en, zh]));
  }
});

describe('a time', () => {
  const at = '2026-11-24T22:52:27.123Z';

  test('is shown in UTC, or in the zone of the reader', () => {
    assert.equal(formatTime(at, 'UTC'), '2026-11-24 22:52:27 UTC');
    inShanghai(() => {
      assert.equal(formatTime(at, 'local'), '2026-11-25 06:52:27');
      assert.equal(formatTime(at, 'UTC'), '2026-11-24 22:52:27 UTC');
      assert.equal(formatMinute(Date.parse(at)), '06:52');
    });
  });

  test('goes without its day only beside a time of the same day in that zone', () => {
    const before = '2026-11-24T12:00:00.000Z';
    assert.equal(formatTime(at, 'UTC', before), '22:52:27 UTC');
    assert.equal(formatTime(at, 'UTC', '2026-11-25T00:00:00.000Z'), '2026-11-24 22:52:27 UTC');
    inShanghai(() => assert.equal(formatTime(at, 'local', before), '2026-11-25 06:52:27'));
  });
});

/** Node reads the zone anew each time the variable is set. */
function inShanghai(work: () => void): void {
  const { TZ } = process.env;
  process.env.TZ = 'Asia/Shanghai';
  try {
    work();
  } finally {
    // What is undefined would be set to a text.
    delete process.env.TZ;
    Object.assign(process.env, TZ !== undefined && { TZ });
  }
}
