/** How far the share may be from the percent, in standard deviations: once in 16,000 stages by chance. */
const TOLERANCE_DEVIATIONS = 4;

export type Share = {
  /** What the stage says, 0–100. */
  readonly percent: number;
  /** Different ones that were asked for; those of them that domain answered. */
  readonly records: number;
  readonly domainRecords: number;
  readonly domainPercent: number;
  /** What so many records may come to by chance, where each goes to domain with a chance of `percent`. */
  readonly lowestPercent: number;
  readonly highestPercent: number;
  readonly isWithin: boolean;
};

/**
 * Whether domain got the share that a stage says. It is one of records, not of requests: a record keeps its path, so asking
 * again says nothing new. The bounds are those of a binomial share (its normal approximation, with the correction for
 * whole records), and at 0 and 100 % there is no chance in it.
 */
export function judgeShare(parts: Pick<Share, 'percent' | 'records' | 'domainRecords'>): Share {
  const { percent, records, domainRecords } = parts;
  const p = percent / 100;
  const deviation = Math.sqrt(records * p * (1 - p));
  const off = deviation === 0 ? 0 : TOLERANCE_DEVIATIONS * deviation + 0.5;
  const asPercent = (count: number) => (records === 0 ? 0 : (100 * count) / records);
  return {
    ...parts,
    domainPercent: asPercent(domainRecords),
    lowestPercent: asPercent(Math.max(0, records * p - off)),
    highestPercent: asPercent(Math.min(records, records * p + off)),
    isWithin: records > 0 && Math.abs(domainRecords - records * p) <= off + 1e-9,
  };
}
