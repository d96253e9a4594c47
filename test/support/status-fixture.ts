import type { EventAnswer, StatusAnswer } from '../../src/contract/schemas.ts';
import type { EventBody } from '../../src/rollout/event.ts';
import type { VerdictAnswer } from '../../src/rollout/evidence-schema.ts';

/** For tests: a rollout that observes 25 %, all is well. `changes` replace whole keys. */
export function statusFixture(changes: Partial<StatusAnswer> = {}): StatusAnswer {
  return {
    rollout: 'violation-status',
    flag: 'violation-status-domain-percent',
    planHash: '3f9c2ab1d07e',
    at: '2026-03-01T10:12:18.000Z',
    state: {
      phase: 'observing',
      phrase: 'observing 25 %',
      percent: 25,
      since: '2026-03-01T10:00:00.000Z',
      verified: null,
      why: null,
    },
    began: '2026-03-01T09:20:00.000Z',
    stages: [
      { percent: 5, observeMs: 300_000, needsApproval: false, needsVerify: false },
      { percent: 10, observeMs: 900_000, needsApproval: false, needsVerify: false },
      { percent: 25, observeMs: 1_800_000, needsApproval: false, needsVerify: false },
      { percent: 50, observeMs: 3_600_000, needsApproval: true, needsVerify: false },
      { percent: 100, observeMs: 7_200_000, needsApproval: false, needsVerify: false },
    ],
    watchMs: 86_400_000,
    confidence: 0.999,
    minSamples: 200,
    leaseMs: null,
    healthyMs: 720_000,
    timeLeftMs: 1_080_000,
    holding: null,
    wanted: 25,
    configured: {
      percent: 25,
      where: '.sluice/flags.json',
      lever: 'file',
      problem: null,
      way: 'replace',
      unguarded: null,
      failing: null,
    },
    served: [served('sluice-0'), served('sluice-1')],
    readsNoReplicas: false,
    verdicts: [
      verdict('p95', { value: 0.118, limit: 0.2, limitText: '200ms', samples: 1_204, evidence: 0.12 }),
      verdict('mean', { measure: 'latency-mean', value: 0.0354, limit: 0.1, limitText: '100ms', onBreach: 'previous' }),
      verdict('errors', { measure: 'error-rate', value: 0.00412, limit: 0.01, limitText: '1%', evidence: 0.021 }),
      verdict('p95-ratio', { value: 1.2345, limit: 1.5, limitText: '1.5x', onBreach: 'hold' }),
      verdict('consistency', { measure: 'mismatches', value: 0, limit: 0, limitText: '0', samples: 12_345 }),
      verdict('breaker', { measure: 'breaker', value: 0, limit: 0, limitText: '0', samples: 2 }),
    ],
    sources: [{ name: 'scrape', problem: null }],
    paths: {
      domain: { requestsPerSecond: 12.34, errorShare: 0.00412, p95Seconds: 0.118, meanSeconds: 0.0354 },
      legacy: { requestsPerSecond: 37.1, errorShare: 0, p95Seconds: 0.0956, meanSeconds: 0.0301 },
    },
    change: {
      percent: 25,
      seenAt: '2026-03-01T10:00:00.000Z',
      writtenAt: '2026-03-01T10:00:00.012Z',
      confirmedAt: '2026-03-01T10:00:01.400Z',
      waitingFor: [],
    },
    controller: { instance: 'controller-0', leading: true, journal: 'written', buffered: 0, noRaise: null },
    ...changes,
  };
}

export function served(
  replica: string,
  changes: Partial<StatusAnswer['served'][number]> = {},
): StatusAnswer['served'][number] {
  return { replica, percent: 25, breakerOpen: false, missing: null, ...changes };
}

export function verdict(guard: string, changes: Partial<VerdictAnswer> = {}): VerdictAnswer {
  return {
    guard,
    source: 'scrape',
    kind: 'healthy',
    onBreach: 'off',
    value: null,
    limit: 1,
    limitText: '1',
    measure: 'latency-p95',
    samples: 1_204,
    evidence: null,
    detail: '',
    ...changes,
  };
}

type EventFields = Partial<Omit<EventAnswer, keyof EventBody>> &
  (EventBody | { readonly [K in keyof EventBody]?: never });

export function eventFixture(changes: EventFields = {}): EventAnswer {
  return {
    id: '7',
    eventId: '6f1f5b0e-0000-4000-8000-000000000007',
    at: '2026-03-01T10:00:00.000Z',
    kind: 'promoted',
    from: 10,
    to: 25,
    actor: 'sluice',
    text: 'Promoted from 10 % to 25 %: the stage was healthy for its time.',
    details: {},
    ...changes,
  };
}
