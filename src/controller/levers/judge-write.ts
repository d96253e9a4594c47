import type { FlagReading, FlagWrite } from '../engine/ports.ts';

/** To 0 is always a lowering. The percent that was expected, written again (a lease renewed), needs the store to hold it still. */
export function judgeWrite(
  found: FlagReading,
  { percent, expected }: FlagWrite,
): { lowers: boolean; allowed: boolean } {
  if (found.kind !== 'read') {
    const lowers = percent === 0 || (expected !== undefined && percent < expected);
    return { lowers, allowed: lowers };
  }
  const lowers = percent === 0 || percent < (expected ?? found.percent);
  if (lowers) {
    return { lowers, allowed: found.percent >= percent };
  }
  return { lowers, allowed: expected === undefined ? found.percent >= percent : found.percent === expected };
}

type AtFault = Extract<FlagReading, { fault?: string }> & { readonly fault: string };

/** Where the place itself is at fault nothing rises, and what is not known to be served is lowered to 0 only. */
export function isAtFault(found: FlagReading, { percent }: FlagWrite): found is AtFault {
  const isFaulty = found.kind !== 'unreachable' && found.fault !== undefined;
  return isFaulty && percent > 0 && (found.kind !== 'read' || percent > found.percent);
}
