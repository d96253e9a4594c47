/** Numbers of more digits are slips of the pen, and with some hundred more they would be endless. */
const DURATION = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)$/;
const MS_PER: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `250ms`, `90s`, `15m`, `1h`, `2d` in milliseconds; undefined when it is no duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match === null ? undefined : Number(match[1]) * (MS_PER[match[2] as string] as number);
}

/** `1%`, `0.5%` as a share of 1; undefined when it is no percentage. */
export function parseShare(text: string): number | undefined {
  return parseSuffixed(text, '%', 100);
}

/** `1.5x` as a factor; undefined when it is none. */
export function parseFactor(text: string): number | undefined {
  return parseSuffixed(text, 'x', 1);
}

function parseSuffixed(text: string, suffix: string, per: number): number | undefined {
  const number = text.endsWith(suffix) ? text.slice(0, -suffix.length).trim() : '';
  // Rounded, so that 99.9% is 0.999 and not the double beside it.
  return /^\d{1,9}(\.\d{1,9})?$/.test(number) ? Number((Number(number) / per).toPrecision(12)) : undefined;
}

/** For people: `45 s`, `12 min 30 s`, `2 h 5 min`; from two days on `2 d 3 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (Math.round(ms) < 1_000) {
    return `${Math.round(ms)} ms`;
  }
  const days = seconds < 2 * 86_400 ? 0 : Math.floor(seconds / 86_400);
  const parts = [
    [days, 'd'],
    [Math.floor((seconds - days * 86_400) / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}
