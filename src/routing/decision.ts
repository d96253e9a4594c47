import type { Percent } from '../kit/percent.ts';
import type { Path } from './path.ts';

/** Why a request is served by its path: the values of the Rollout-Decision header. */
export const DECISIONS = ['rollout', 'forced', 'disabled', 'capped', 'breaker', 'fallback'] as const;

export type PathDecision = { readonly path: Path; readonly decision: (typeof DECISIONS)[number] };

export type BreakerState = 'closed' | 'open' | 'half-open';

export type Switches = {
  /** USE_DOMAIN_SERVICE: the emergency switch over everything else. */
  readonly useDomain: boolean;
  /** ROLLOUT_PERCENT: a ceiling over the flag. */
  readonly ceiling: Percent | undefined;
};

/** The decisions that need no percent; undefined where the percent decides. */
export function decideBySwitches(
  { useDomain }: Pick<Switches, 'useDomain'>,
  forced: Path | undefined,
  breaker: BreakerState,
): PathDecision | undefined {
  if (!useDomain) {
    return { path: 'legacy', decision: 'disabled' };
  }
  if (forced !== undefined) {
    return { path: forced, decision: 'forced' };
  }
  // While a probe is under way one request is answer enough: all others stay on legacy.
  if (breaker === 'half-open') {
    return { path: 'legacy', decision: 'breaker' };
  }
  return undefined;
}

/**
 * `capped` is a request that the flag lets in and the ceiling keeps out.
 * @param bucketOf asked only where it matters, since it is a hash: at 0 % and 100 % everybody goes the same way.
 */
export function decideByPercent(
  percent: Percent,
  ceiling: Percent | undefined,
  bucketOf: () => Hundredths,
): PathDecision {
  if (!isIn(percent, bucketOf)) {
    return { path: 'legacy', decision: 'rollout' };
  }
  if (ceiling !== undefined && !isIn(ceiling, bucketOf)) {
    return { path: 'legacy', decision: 'capped' };
  }
  return { path: 'domain', decision: 'rollout' };
}

/** 0–9999, for 0.00–99.99 %. */
type Hundredths = number;

const isIn = (percent: Percent, bucketOf: () => Hundredths) =>
  percent > 0 && (percent >= 100 || bucketOf() < percent * 100);
