import { Gauge, Histogram, type Registry } from 'prom-client';
import { createTallyCounter, DURATION_BUCKETS_SECONDS } from '../kit/metrics.ts';
import type { Percent } from '../kit/percent.ts';
import type { Clock } from '../kit/time.ts';
import type { Breaker } from './breaker.ts';
import { DECISIONS, type PathDecision } from './decision.ts';
import type { FlagReading } from './flags/flag-source.ts';
import { PATHS, type Path } from './path.ts';

const OUTCOMES = ['ok', 'rejected', 'error'] as const;
/** How an attempt went. `rejected` is an answer, not a failure. */
export type Outcome = (typeof OUTCOMES)[number];

/** Why a domain attempt was replaced by a legacy one. */
const FALLBACK_REASONS = ['error', 'timeout', 'unsupported'] as const;
export type FallbackReason = (typeof FALLBACK_REASONS)[number];

type RolloutMetricsParts = { readonly registry: Registry; readonly rollout: string };
type PathMetricsParts = RolloutMetricsParts & { readonly clock: Clock };

export type PathMetrics = ReturnType<typeof createPathMetrics>;

export function createPathMetrics({ registry, rollout, clock }: PathMetricsParts) {
  const registers = [registry];
  const duration = new Histogram({
    name: 'sluice_path_duration_seconds',
    help: 'Duration of an attempt on one path, failed ones included.',
    labelNames: ['rollout', 'path'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const requests = createTallyCounter({
    name: 'sluice_path_requests_total',
    help: 'Attempts on one path: ok, rejected (no such violation), or error, also where a fallback saved the request.',
    labelNames: ['rollout', 'path', 'outcome'],
    registers,
  });
  const fallbacks = createTallyCounter({
    name: 'sluice_fallbacks_total',
    help: 'Domain attempts that legacy answered in place of, by reason.',
    labelNames: ['rollout', 'reason'],
    registers,
  });
  const decisions = createTallyCounter({
    name: 'sluice_decisions_total',
    help: 'Requests by the path that answered and why.',
    labelNames: ['rollout', 'path', 'decision'],
    registers,
  });
  // A series that appears with its first event hides that event from rate(): all begin at 0.
  const attempts = seriesOf(PATHS, (path) => {
    duration.zero({ rollout, path });
    return seriesOf(OUTCOMES, (outcome) => requests.series({ rollout, path, outcome }));
  });
  const decided = seriesOf(PATHS, (path) =>
    seriesOf(DECISIONS, (decision) => decisions.series({ rollout, path, decision })),
  );
  const fellBack = seriesOf(FALLBACK_REASONS, (reason) => fallbacks.series({ rollout, reason }));

  /** Runs one attempt on a path and counts how it went. `classify` says so of what it returned; whatever it throws is an error. */
  async function measure<T>(path: Path, classify: (result: T) => Outcome, attempt: () => Promise<T>): Promise<T> {
    const startedAt = clock.monotonic();
    let outcome: Outcome = 'error';
    try {
      const result = await attempt();
      outcome = classify(result);
      return result;
    } finally {
      duration.observe({ rollout, path }, (clock.monotonic() - startedAt) / 1000);
      attempts[path][outcome]();
    }
  }

  return {
    measure,
    countFallback: (reason: FallbackReason) => fellBack[reason](),
    countDecision: ({ path, decision }: PathDecision) => decided[path][decision](),
  };
}

function seriesOf<K extends string, T>(names: readonly K[], make: (name: K) => T): Readonly<Record<K, T>> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, T>;
}

export function createFlagEvaluationCounter({ registry, rollout }: RolloutMetricsParts) {
  const evaluations = createTallyCounter({
    name: 'sluice_flag_evaluations_total',
    help: 'Evaluations of the percent flag by OpenFeature reason and error code; an error means 0 %.',
    labelNames: ['rollout', 'reason', 'error_code'],
    registers: [registry],
  });
  const known = new Map<string, () => void>();
  return ({ reason, errorCode }: FlagReading): void => {
    const key = `${reason} ${errorCode}`;
    let count = known.get(key);
    if (count === undefined) {
      count = evaluations.series({ rollout, reason, error_code: errorCode });
      known.set(key, count);
    }
    count();
  };
}

type Served = {
  readonly percent: () => Promise<Percent>;
  readonly breaker: Pick<Breaker, 'state'>;
  /** When the flag source last sent the flags, in milliseconds since 1970; undefined before the first time. */
  readonly flagsReceivedAt: () => number | undefined;
};

/** Read when scraped: what a scrape says is what the next request gets. */
export function registerServedGauges(
  { registry, rollout, clock }: PathMetricsParts,
  { percent, breaker, flagsReceivedAt }: Served,
): void {
  new Gauge({
    name: 'sluice_flag_percent',
    help: 'Percent of records this replica now sends to the domain path: the flag under its ceiling and switches.',
    labelNames: ['rollout'],
    registers: [registry],
    async collect() {
      this.set({ rollout }, await percent());
    },
  });
  new Gauge({
    name: 'sluice_breaker_open',
    help: '1 while this replica keeps requests off the domain path because it fails or is slow, probing included.',
    labelNames: ['rollout'],
    registers: [registry],
    collect() {
      this.set({ rollout }, breaker.state() === 'closed' ? 0 : 1);
    },
  });
  new Gauge({
    name: 'sluice_flag_age_seconds',
    help: 'Time since the flag source last sent the flags; it does so at least twice a minute. None before the first time.',
    labelNames: ['rollout'],
    registers: [registry],
    collect() {
      const receivedAt = flagsReceivedAt();
      if (receivedAt !== undefined) {
        this.set({ rollout }, Math.max(0, clock.now() - receivedAt) / 1_000);
      }
    },
  });
}
