/** What k6 hands to handleSummary, as far as it is read here. */
export type K6Data = {
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly values: Readonly<Record<string, number>>;
        readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
      }
    >
  >;
};

export const PATHS = ['domain', 'legacy'] as const;
export const DECISIONS = ['rollout', 'forced', 'disabled', 'capped', 'breaker', 'fallback'] as const;

type Latency = { readonly meanMs: number; readonly p95Ms: number; readonly p99Ms: number; readonly maxMs: number };

/** What a run tells whoever started it; counts are of requests, an iteration being one. */
export type LoadSummary = {
  readonly requests: number;
  readonly perSecond: number;
  /** Iterations that were due and had no virtual user left: the service is slower than the load. */
  readonly dropped: number;
  readonly failed: number;
  readonly latency: Latency;
  readonly paths: Readonly<Record<(typeof PATHS)[number], { readonly requests: number; readonly latency: Latency }>>;
  readonly decisions: Readonly<Record<(typeof DECISIONS)[number], number>>;
  /** Such as `http_req_duration p(95)<200`; empty where the run kept them all. */
  readonly failedThresholds: readonly string[];
};

export function summarise({ metrics }: K6Data): LoadSummary {
  const value = (metric: string, key: string) => metrics[metric]?.values[key] ?? 0;
  const latency = (metric: string): Latency => ({
    meanMs: value(metric, 'avg'),
    p95Ms: value(metric, 'p(95)'),
    p99Ms: value(metric, 'p(99)'),
    maxMs: value(metric, 'max'),
  });
  const path = (name: string) => ({
    requests: value(`${name}_requests`, 'count'),
    latency: latency(`${name}_duration`),
  });
  const failedThresholds = Object.entries(metrics).flatMap(([metric, { thresholds = {} }]) =>
    Object.entries(thresholds)
      .filter(([, { ok }]) => !ok)
      .map(([threshold]) => `${metric} ${threshold}`),
  );
  return {
    requests: value('http_reqs', 'count'),
    perSecond: value('http_reqs', 'rate'),
    dropped: value('dropped_iterations', 'count'),
    // A rate's `passes` are its true samples, here the requests that failed.
    failed: value('http_req_failed', 'passes'),
    latency: latency('http_req_duration'),
    paths: { domain: path('domain'), legacy: path('legacy') },
    decisions: Object.fromEntries(
      DECISIONS.map((decision) => [decision, value(`${decision}_decisions`, 'count')]),
    ) as LoadSummary['decisions'],
    failedThresholds,
  };
}

/** A few lines for people. */
export function describeSummary(summary: LoadSummary): string {
  const ms = ({ meanMs, p95Ms, maxMs }: Latency) =>
    `mean ${meanMs.toFixed(1)} ms, P95 ${p95Ms.toFixed(1)} ms, slowest ${maxMs.toFixed(1)} ms`;
  const paths = PATHS.map((path) => {
    const { requests, latency } = summary.paths[path];
    return `  ${path}: ${requests} requests${requests === 0 ? '' : `, ${ms(latency)}`}`;
  });
  const verdict =
    summary.failedThresholds.length === 0 ? 'all limits kept' : `over: ${summary.failedThresholds.join(', ')}`;
  return [
    `${summary.requests} requests, ${summary.perSecond.toFixed(1)} a second, ${ms(summary.latency)}`,
    ...paths,
    `  failed ${summary.failed}, not sent in time ${summary.dropped}; ${verdict}`,
    '',
  ].join('\n');
}
