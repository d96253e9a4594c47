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
  readonly root_group?: { readonly checks: readonly { readonly name: string; readonly fails: number }[] };
};

export type Latency = {
  readonly requests: number;
  readonly meanMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

/** 0 where nothing was counted. */
export const valueIn = ({ metrics }: K6Data, metric: string, key: string): number => metrics[metric]?.values[key] ?? 0;

export const countOf = (data: K6Data, metric: string): number => valueIn(data, metric, 'count');

export const latencyOf = (data: K6Data, metric: string): Latency => ({
  requests: countOf(data, metric),
  meanMs: valueIn(data, metric, 'avg'),
  p95Ms: valueIn(data, metric, 'p(95)'),
  p99Ms: valueIn(data, metric, 'p(99)'),
  maxMs: valueIn(data, metric, 'max'),
});

export const describeLatency = ({ meanMs, p95Ms, maxMs }: Latency): string =>
  `mean ${meanMs.toFixed(1)} ms, P95 ${p95Ms.toFixed(1)} ms, slowest ${maxMs.toFixed(1)} ms`;
