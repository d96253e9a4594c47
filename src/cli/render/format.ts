import type { StatusAnswer } from '../../contract/schemas.ts';
import { formatDuration } from '../../rollout/units.ts';

type Verdict = StatusAnswer['verdicts'][number];

export const NOTHING = '–';

/** A guard's value in the unit people read: `118 ms`, `0.4 %`, `1.2x`, `3`. */
export function formatValue({ value, measure, limitText }: Pick<Verdict, 'value' | 'measure' | 'limitText'>): string {
  if (value === null) {
    return NOTHING;
  }
  if (limitText.endsWith('x')) {
    return `${short(value)}x`;
  }
  switch (measure) {
    case 'latency-p95':
    case 'latency-mean':
      return formatSeconds(value);
    case 'error-rate':
      return formatShare(value);
    default:
      return formatCount(value);
  }
}

export const formatSeconds = (seconds: number | null) => {
  if (seconds === null) {
    return NOTHING;
  }
  return seconds >= 10 ? `${short(seconds)} s` : `${short(seconds * 1_000)} ms`;
};

export const formatShare = (share: number | null) => (share === null ? NOTHING : `${short(share * 100)} %`);

export const formatRate = (perSecond: number) => short(perSecond);

/** With thousands apart: `12,345`. */
export const formatCount = (count: number) =>
  String(count).replace(/^\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ','));

export const formatPercent = (percent: number | null) => (percent === null ? NOTHING : `${percent} %`);

/** `2026-11-24 02:52:27Z`; only the time where `near` is the same day. */
export function formatTime(iso: string, near?: string): string {
  const [day = '', time = ''] = iso.split('T');
  const clock = `${time.slice(0, 8)}Z`;
  return near?.startsWith(`${day}T`) ? clock : `${day} ${clock}`;
}

export function formatAgo(iso: string, now: string): string {
  return `${formatDuration(Math.max(0, Date.parse(now) - Date.parse(iso)))} ago`;
}

/** How much later: `+12 ms`, `+1.4 s`. */
export function formatLater(iso: string, since: string): string {
  const ms = Math.max(0, Date.parse(iso) - Date.parse(since));
  return `+${ms < 1_000 ? `${ms} ms` : ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : formatDuration(ms)}`;
}

/** Three digits that count, and whole numbers above: `0.123`, `12.3`, `1,235`. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? formatCount(Math.round(value)) : String(Number(value.toPrecision(3)));
}
