const EXACT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 9 });

/** Exact, with thousands apart: `12,345`. In both languages; here, because plain rules count things in their texts too. */
export const formatCount = (count: number): string => EXACT.format(count);

/** `1 finding`, `12,345 findings`. */
export const counted = (count: number, what: string): string =>
  `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
