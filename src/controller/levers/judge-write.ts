import type { FlagReading, FlagWrite } from '../engine/ports.ts';

/**
 * To 0 is always a lowering. The percent that was expected, written again (a lease renewed), needs the store to hold it still; one
 * whose lease ran out serves 0, whatever the text has.
 */
export function judgeWrite(
  found: FlagReading,
  { percent, expected }: FlagWrite,
  nowMs: number,
): { lowers: boolean; allowed: boolean } {
  if (found.kind !== 'read') {
    const lowers = percent === 0 || (expected !== undefined && percent < expected);
    return { lowers, allowed: lowers };
  }
  const served = found.leaseUntilMs !== undefined && found.leaseUntilMs <= nowMs ? 0 : found.percent;
  const lowers = percent === 0 || percent < (expected ?? served);
  if (lowers) {
    return { lowers, allowed: served >= percent };
  }
  return { lowers, allowed: expected === undefined ? served >= percent : served === expected };
}

type AtFault = Extract<FlagReading, { fault?: string }> & { readonly fault: string };

/** Where the place itself is at fault nothing rises, and what is not known to be served is lowered to 0 only. */
export function isAtFault(found: FlagReading, { percent }: FlagWrite): found is AtFault {
  const isFaulty = found.kind !== 'unreachable' && found.fault !== undefined;
  return isFaulty && percent > 0 && (found.kind !== 'read' || percent > found.percent);
}
