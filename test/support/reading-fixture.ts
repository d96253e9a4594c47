import type { PathCounters, ReplicaReading, SourceReading } from '../../src/rollout/reading.ts';

/** Attempts of which `slow` took over 200 ms, and all others less than 100 ms. */
export function pathCounters({ ok = 0, rejected = 0, error = 0, slow = 0 }): PathCounters {
  const count = ok + rejected + error;
  return {
    ok,
    rejected,
    error,
    duration: {
      count,
      sumSeconds: (count - slow) * 0.05 + slow * 0.4,
      atMost: new Map([
        [0.1, count - slow],
        [0.2, count - slow],
        [0.5, count],
        [Number.POSITIVE_INFINITY, count],
      ]),
    },
  };
}

export const replicaReading = (more: Partial<ReplicaReading> = {}): ReplicaReading => ({
  replica: 'a',
  atMs: 0,
  startedAtMs: 0,
  legacy: pathCounters({}),
  domain: pathCounters({}),
  servedPercent: 25,
  breakerOpen: false,
  mismatches: undefined,
  fallbacks: 0,
  cpuSeconds: undefined,
  residentBytes: undefined,
  ...more,
});

export const reading = (
  replicas: readonly ReplicaReading[],
  missing: Extract<SourceReading, { kind: 'read' }>['missing'] = [],
): SourceReading => ({ kind: 'read', replicas, missing });
