import { formatCount } from '../../kit/format.ts';

/*
 * How a value is spelled, in the journal, on the command line and the console, in reports and in notifications.
 * What is counted is exact, what somebody set stands as it was written, and what is measured has three digits that count.
 */

export { counted, formatCount, formatDuration, type Language } from '../../kit/format.ts';

/** Where a value is not known. */
export const NOTHING = '–';

type Unknown = null | undefined;
const orNothing = (value: number | Unknown, spell: (value: number) => string): string =>
  value == null ? NOTHING : spell(value);

const MEASURED = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** `0.0123`, `12.3`, `12,300`. */
export const formatMeasured = (value: number): string => MEASURED.format(value);

/** A percent that was set: `25 %`, `99.95 %`. */
export const formatPercent = (percent: number | Unknown): string =>
  orNothing(percent, (known) => `${formatCount(known)} %`);

/** A measured share of 1: `0.14 %`. */
export const formatShare = (share: number | Unknown): string =>
  orNothing(share, (known) => `${formatMeasured(known * 100)} %`);

/** A measured time of an answer: `118 ms`, `2.53 s`. */
export const formatSeconds = (seconds: number | Unknown): string =>
  orNothing(seconds, (known) =>
    Number((known * 1_000).toPrecision(3)) < 1_000
      ? `${formatMeasured(known * 1_000)} ms`
      : `${formatMeasured(known)} s`,
  );

export const formatRate = (perSecond: number): string => `${formatMeasured(perSecond)}/s`;

export const formatBytes = (bytes: number | Unknown): string =>
  orNothing(bytes, (known) => `${formatMeasured(known / 2 ** 20)} MiB`);

/** What a guard found, in the unit that its limit is written in: `118 ms`, `0.4 %`, `1.2x`, `12,345`. */
export function formatValue({ value, limitText }: { readonly value?: number | Unknown; readonly limitText: string }) {
  return orNothing(value, (known) => {
    if (limitText.endsWith('%')) {
      return formatShare(known);
    }
    if (limitText.endsWith('x')) {
      return `${formatMeasured(known)}x`;
    }
    return /[a-z]$/.test(limitText) ? formatSeconds(known) : formatCount(known);
  });
}

type Zone = 'UTC' | 'local';

/** `2026-11-24 02:52:27 UTC`, or the same in the reader's own zone; only the time where `near` is the same day there. */
export function formatTime(iso: string, zone: Zone, near?: string): string {
  const [day, time] = wallClock(iso, zone);
  const clock = zone === 'UTC' ? `${time} UTC` : time;
  return near !== undefined && wallClock(near, zone)[0] === day ? clock : `${day} ${clock}`;
}

/** For an axis, which has no room for more: `02:52`. */
export const formatMinute = (atMs: number): string => wallClock(new Date(atMs).toISOString(), 'local')[1].slice(0, 5);

function wallClock(iso: string, zone: Zone): readonly [day: string, time: string] {
  const at = new Date(iso);
  const shown = zone === 'UTC' ? at : new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  const text = shown.toISOString();
  return [text.slice(0, 10), text.slice(11, 19)];
}
