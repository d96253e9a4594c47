import type { DecisionHeader, Path } from './answer.ts';

/** The metrics that every script has: what counts, what limits and what sums up agree on them here. */
export const METRICS = {
  /** Answers to updates, whatever they were. */
  updates: 'updates',
  /** Of updates that were made, as the next ones. */
  duration: 'update_duration',
  durationOf: (path: Path) => `${path}_duration`,
  /** Answers without an update, by the path that the header names. */
  errorsOf: (path: Path) => `${path}_errors`,
  /** The same where no path answered, or nobody. */
  unroutedErrors: 'unrouted_errors',
  overloaded: 'overloaded',
  decisionsOf: (decision: DecisionHeader) => `${decision}_decisions`,
} as const;
