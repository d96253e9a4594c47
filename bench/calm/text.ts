import { formatCount } from '../../src/contract/wording/format.ts';

const BAR_WIDTH = 30;
const HOUR_SECONDS = 3_600;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** @param part 0 to 1. */
export function bar(part: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * BAR_WIDTH * 8);
  return ('█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]).padEnd(BAR_WIDTH);
}

/** From 1 s, a sliver, to 1 h, a full bar. */
export const logBar = (value: number) => bar(Math.max(0.02, Math.log(value) / Math.log(HOUR_SECONDS)));

/** A length of time in its natural unit. */
export function seconds(value: number): string {
  if (!Number.isFinite(value)) {
    return 'never';
  }
  if (value < 120) {
    return `${value.toFixed(0)} s`;
  }
  return value < 2 * HOUR_SECONDS ? `${(value / 60).toFixed(1)} min` : `${(value / HOUR_SECONDS).toFixed(1)} h`;
}

export const count = (value: number) => (Number.isFinite(value) ? formatCount(value) : 'never');
