import type { Clock } from '../kit/time.ts';
import type { Breaker } from '../routing/breaker.ts';
import type { FaultSwitch } from '../routing/faults.ts';
import type { Outcome, PathMetrics } from '../routing/metrics.ts';
import type { Path } from '../routing/path.ts';
import type { Paths } from '../routing/router.ts';
import type { StatusUpdate, UpdateOutcome } from '../violations/violation.ts';

type Attempt<O> = (update: StatusUpdate, signal: AbortSignal) => Promise<O>;

type PathsParts = {
  readonly domain: Attempt<UpdateOutcome | { readonly kind: 'unsupported' }>;
  readonly legacy: Attempt<UpdateOutcome | { readonly kind: 'already-applied' }>;
  readonly breaker: Pick<Breaker, 'run'>;
  readonly metrics: Pick<PathMetrics, 'measure'>;
  readonly faults: Pick<FaultSwitch, 'before'>;
  readonly clock: Pick<Clock, 'within'>;
  /** How long an attempt may take. */
  readonly withinMs: Readonly<Record<Path, number>>;
};

/** The one place that says what surrounds a path, from the outside in: breaker, metrics, deadline, faults. */
export function createPaths(parts: PathsParts): Paths<StatusUpdate, UpdateOutcome> {
  const { breaker, metrics, faults, clock, withinMs } = parts;

  const surrounded =
    <O extends { readonly kind: string }>(path: Path, attempt: Attempt<O>) =>
    (update: StatusUpdate): Promise<O> =>
      metrics.measure(path, outcomeOf, () =>
        clock.within(withinMs[path], (signal) => faults.before(path, signal, () => attempt(update, signal))),
      );

  const forcedDomain = surrounded('domain', parts.domain);
  return {
    forcedDomain,
    domain: (update) => breaker.run(() => forcedDomain(update)),
    legacy: surrounded('legacy', parts.legacy),
  };
}

function outcomeOf({ kind }: { readonly kind: string }): Outcome {
  switch (kind) {
    case 'not-found':
      return 'rejected';
    case 'unsupported':
      return 'error';
    default:
      return 'ok';
  }
}
