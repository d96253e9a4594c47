/** PostgreSQL's times as texts: ISO 8601, `infinity`, or years that JavaScript does not know. No time at all is earlier than any. */
export function isEarlier(a: string | null, b: string | null): boolean {
  if (a === b || b === null) {
    return false;
  }
  if (a === null) {
    return true;
  }
  // Times of four-digit years, as nearly all are, sort as texts.
  return a.length === PLAIN_TIME && b.length === PLAIN_TIME ? a < b : orderOf(a) < orderOf(b);
}

export const later = (a: string | null, b: string | null): string | null => (isEarlier(a, b) ? b : a);
export const earlier = (a: string | null, b: string | null): string | null => (isEarlier(b, a) ? b : a);

const PLAIN_TIME = '2026-03-01T12:00:00.000Z'.length;

function orderOf(time: string): number {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? (time === '-infinity' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : ms;
}
