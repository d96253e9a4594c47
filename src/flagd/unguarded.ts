import { outcomesOf } from './lint-targeting.ts';
import { isObject } from './problem.ts';

/**
 * At 0 % people believe that nobody is on the domain path; a targeting rule of their own may say otherwise, and no guard acts at 0 %.
 * @returns the variants above 0 that the rule names, and `others` where it computes some; undefined where it sends nobody there.
 */
export function servedAtZero(
  definition: Record<string, unknown>,
): { readonly variants: readonly string[]; readonly others: boolean } | undefined {
  const { state, variants, targeting } = definition;
  if (state !== 'ENABLED' || !isObject(variants)) {
    return undefined;
  }
  const { named, others } = outcomesOf(targeting, []);
  const above = new Set(named.map(({ variant }) => variant).filter((variant) => Number(variants[variant]) > 0));
  return above.size > 0 || others ? { variants: Array.from(above), others } : undefined;
}
