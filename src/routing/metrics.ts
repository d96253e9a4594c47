import { Gauge, Histogram, type Registry } from 'prom-client';
import { PATHS, type Path } from '../violations/path.ts';
import type { UpdateOutcome } from '../violations/violation.ts';
import type { Breaker } from './breaker.ts';
import { DECISIONS, type Decision } from './decision.ts';
import type { FlagReading, Percent } from './percent.ts';
import { createTallyCounter } from './tally-counter.ts';

/** Seconds. 0.1 and 0.2 are bounds of their own: the limits on mean and P95 are counted, not interpolated. */
export const DURATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5, 10,
];

const OUTCOMES = ['ok', 'rejected', 'error'] as const;

/** Why a domain attempt was replaced by a legacy one. */
const FALLBACK_REASONS = ['error', 'timeout', 'unsupported'] as const;
export type FallbackReason = (typeof FALLBACK_REASONS)[number];

type Options = { readonly registry: Registry; readonly rollout: string };

export type PathMetrics = ReturnType<typeof createPathMetrics>;

export function createPathMetrics({ registry, rollout }: Options) {
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

  /** Runs one attempt on a path and counts how it went. */
  async function measure<T extends UpdateOutcome | { readonly kind: string }>(
    path: Path,
    attempt: () => Promise<T>,
  ): Promise<T> {
    const startedAt = performance.now();
    let outcome: (typeof OUTCOMES)[number] = 'error';
    try {
      const result = await attempt();
      outcome = outcomeOf(result.kind);
      return result;
    } finally {
      duration.observe({ rollout, path }, (performance.now() - startedAt) / 1000);
      attempts[path][outcome]();
    }
  }

  return {
    measure,
    countFallback: (reason: FallbackReason) => fellBack[reason](),
    countDecision: ({ path, decision }: Decision) => decided[path][decision](),
  };
}

function seriesOf<K extends string, T>(names: readonly K[], make: (name: K) => T): Readonly<Record<K, T>> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, T>;
}

function outcomeOf(kind: string): (typeof OUTCOMES)[number] {
  switch (kind) {
    case 'not-found':
      return 'rejected';
    case 'unsupported':
      return 'error';
    default:
      return 'ok';
  }
}

export function createFlagEvaluationCounter({ registry, rollout }: Options) {
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
  /** When the flag source last told the flags, in milliseconds since 1970; undefined before the first time. */
  readonly flagsToldAt: () => number | undefined;
};

/** Read when scraped: what a scrape says is what the next request gets. */
export function registerServedGauges({ registry, rollout }: Options, { percent, breaker, flagsToldAt }: Served): void {
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
    help: 'Time since the flag source last told the flags; it does so at least twice a minute. None before the first time.',
    labelNames: ['rollout'],
    registers: [registry],
    collect() {
      const toldAt = flagsToldAt();
      if (toldAt !== undefined) {
        this.set({ rollout }, Math.max(0, Date.now() - toldAt) / 1_000);
      }
    },
  });
}
