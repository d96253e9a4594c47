import { PATHS } from './answer.ts';
import { METRICS } from './names.ts';

/** In milliseconds; the limits of the rollout's success. */
export const LIMITS = { meanMs: 100, p95Ms: 200 } as const;

export type Thresholds = Readonly<Record<string, readonly string[]>>;

export const FAST: readonly string[] = [`avg<${LIMITS.meanMs}`, `p(95)<${LIMITS.p95Ms}`];
export const NONE: readonly string[] = ['count==0'];
export const SOME: readonly string[] = ['count>0'];

/** What every script holds: each path fast, and no error; being asked to come again is one, unless it may happen. */
export function thresholds({ overload }: { readonly overload: 'fails' | 'may happen' }): Thresholds {
  return {
    [METRICS.updates]: SOME,
    ...Object.fromEntries(
      PATHS.flatMap((path) => [
        [METRICS.durationOf(path), FAST],
        [METRICS.errorsOf(path), NONE],
      ]),
    ),
    [METRICS.unroutedErrors]: NONE,
    ...(overload === 'fails' && { [METRICS.overloaded]: NONE }),
  };
}

/** What k6 works out of each trend. */
export const TREND_STATS = ['count', 'avg', 'p(95)', 'p(99)', 'max'];
