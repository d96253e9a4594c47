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
