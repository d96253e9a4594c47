import type { Percent } from '../kit/percent.ts';
import type { AFTER_ROLLBACK, MEASURES, ON_BREACH, ROLLBACK_WITH, TESTS } from './plan-schema.ts';

export type Stage = {
  readonly percent: Percent;
  readonly observeMs: number;
  readonly needsApproval: boolean;
  /** Whether the stage is left only once `sluice verify` has passed on it. */
  readonly needsVerify: boolean;
};

/** What a guard holds the domain path to. */
export type Limit =
  /** At most this share of attempts may fail. */
  | { readonly kind: 'error-share'; readonly share: number }
  /** At most `share` of attempts may take longer than `seconds`: what a limit on a quantile says. */
  | { readonly kind: 'slow-share'; readonly share: number; readonly seconds: number }
  | { readonly kind: 'mean'; readonly seconds: number }
  /** At most this many times legacy's own value over the same window. */
  | { readonly kind: 'ratio'; readonly of: 'latency-p95' | 'latency-mean' | 'error-rate'; readonly factor: number }
  | { readonly kind: 'count'; readonly count: number };

export type OnBreach = (typeof ON_BREACH)[number];
type GuardTest = (typeof TESTS)[number];

export type Guard = {
  readonly name: string;
  readonly measure: (typeof MEASURES)[number] | 'breaker';
  readonly limit: Limit;
  readonly limitText: string;
  readonly windowMs: number;
  readonly onBreach: OnBreach;
  readonly test: GuardTest;
};

export type Plan = {
  /** Names what the plan says, whatever its comments and the order of its keys: the first 12 hex digits of a SHA-256. */
  readonly hash: string;
  readonly rollout: string;
  readonly flag: string;
  /** What is rolled out, for people. */
  readonly endpoint: string | undefined;
  /** By rising percent. */
  readonly stages: readonly Stage[];
  readonly watchMs: number;
  readonly guards: readonly Guard[];
  /** How sure a breach must be, a share of 1. It is the promise of all sequential guards of a stage together. */
  readonly confidence: number;
  readonly minSamples: number;
  readonly leaseMs: number | undefined;
  /** Who may raise the flag after an automatic rollback: only a person's word to the controller, or an edit of the flag too. */
  readonly afterRollback: (typeof AFTER_ROLLBACK)[number];
  /** What a rollback to 0 % writes: the variant of 0, or also that the flag is DISABLED, which ends its targeting too. */
  readonly rollbackWith: (typeof ROLLBACK_WITH)[number];
};
