/* Counts and lengths of time, which rules and errors below the contract show too; all else is in contract/wording/format.ts. */

export type Language = 'en' | 'zh';

const EXACT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 9 });

/** Exact, with thousands apart, in both languages: `12,345`. */
export const formatCount = (count: number): string => EXACT.format(count);

/** `1 finding`, `12,345 findings`. */
export const counted = (count: number, what: string): string =>
  `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;

const UNITS = {
  en: { ms: 'ms', s: 's', min: 'min', h: 'h', d: 'd' },
  zh: { ms: '毫秒', s: '秒', min: '分钟', h: '小时', d: '天' },
} as const;

/** How long something lasts: `240 ms`, `2.5 s`, `45 s`, `1 min 30 s`, `2 h 5 min`; from two days on `2 d 3 h`. */
export function formatDuration(ms: number, language: Language): string {
  const unit = UNITS[language];
  const wholeMs = Math.max(0, Math.round(ms));
  if (wholeMs > 0 && wholeMs < 1_000) {
    return `${wholeMs} ${unit.ms}`;
  }
  const tenths = Math.round(wholeMs / 100);
  if (tenths < 100) {
    return `${tenths / 10} ${unit.s}`;
  }
  const seconds = Math.round(wholeMs / 1_000);
  const days = seconds < 2 * 86_400 ? 0 : Math.floor(seconds / 86_400);
  const parts = [
    [days, unit.d],
    [Math.floor((seconds - days * 86_400) / 3_600), unit.h],
    [Math.floor((seconds % 3_600) / 60), unit.min],
    [seconds % 60, unit.s],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, name]) => `${amount} ${name}`)
    .join(' ');
}
