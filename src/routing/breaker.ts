import {
  CircuitState,
  ConsecutiveBreaker,
  CountBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  handleWhen,
  isBrokenCircuitError,
  wrap,
} from 'cockatiel';
import type { Clock } from '../kit/time.ts';
import type { BreakerState } from './decision.ts';

/** A dead path is out after this many failures in a row: at 1 % errors, one in a million requests starts such a row. */
const FAILURES_IN_A_ROW = 3;
/** A path that mostly fails, or is mostly slow, is out when more than half of its last ten calls were so. */
const WINDOW = { size: 10, threshold: 0.5 };
const PROBE_AFTER_MS = { initialDelay: 5_000, maxDelay: 60_000 };

export type Attempt<T> = { readonly value: T; readonly durationMs: number };

type BreakerSettings = {
  /** A call that answers later than this counts against the path, though its answer is used. */
  readonly slowCallMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** How long it keeps calls off the path before the first probe. */
  readonly probeAfterMs?: number;
};

/** The replica's own breaker over the domain path: it reacts to what this replica sees, without waiting for any scrape. */
export function createBreaker({ slowCallMs, clock, probeAfterMs = PROBE_AFTER_MS.initialDelay }: BreakerSettings) {
  const halfOpenAfter = new ExponentialBackoff({ ...PROBE_AFTER_MS, initialDelay: probeAfterMs });
  const dead = circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW) });
  const poor = circuitBreaker(
    handleWhen((error) => !isBrokenCircuitError(error)).orWhenResult(
      (result) => (result as Attempt<unknown>).durationMs > slowCallMs,
    ),
    { halfOpenAfter, breaker: new CountBreaker(WINDOW) },
  );
  const both = wrap(poor, dead);

  function state(): BreakerState {
    const states = [poor.state, dead.state];
    if (states.includes(CircuitState.HalfOpen)) {
      return 'half-open';
    }
    return states.includes(CircuitState.Open) ? 'open' : 'closed';
  }

  /** @returns `refused`, without having called `attempt`, while the breaker is open and no probe is due. */
  async function run<T>(
    attempt: () => Promise<T>,
  ): Promise<{ readonly kind: 'ran'; readonly value: T } | { readonly kind: 'refused' }> {
    try {
      const { value } = await both.execute(() => timed(attempt));
      return { kind: 'ran', value };
    } catch (error) {
      if (isBrokenCircuitError(error)) {
        return { kind: 'refused' };
      }
      throw error;
    }
  }

  async function timed<T>(attempt: () => Promise<T>): Promise<Attempt<T>> {
    const startedAt = clock.monotonic();
    const value = await attempt();
    return { value, durationMs: clock.monotonic() - startedAt };
  }

  return { state, run };
}

export type Breaker = ReturnType<typeof createBreaker>;
