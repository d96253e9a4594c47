import type { Faults } from '../../routing/faults.ts';

export const REPLICAS = 2;
export const PER_SECOND = 100;
export const STAGES = [5, 10, 25] as const;

/** Hours have become seconds; the limits and the confidence are those of rollout.yaml. */
export const PLAN = `rollout: violation-status
flag: violation-status-domain-percent
stages:
  - { percent: 5,  observe: 3s }
  - { percent: 10, observe: 3s }
  - { percent: 25, observe: 10m }
guards:
  - { name: p95,    measure: latency-p95, limit: 200ms, window: 10s, onBreach: off }
  - { name: errors, measure: error-rate,  limit: 1%,    window: 10s, onBreach: off }
confidence: 99.9%
minSamples: 15
`;

export type Round = { readonly title: string; readonly faults: Faults };

export const ROUNDS: readonly Round[] = [
  { title: 'the domain path becomes slow: each call takes 400 ms more', faults: { domain: { delayMs: 400 } } },
  { title: 'the domain path fails: every call throws', faults: { domain: { errorPercent: 100 } } },
];
