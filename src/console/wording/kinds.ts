import type { EventAnswer } from '../../control/api-schemas.ts';

/** The events that are decisions, or facts of a stage: what a reader of the rollout's course looks for. */
export const DECISIONS: ReadonlySet<EventAnswer['kind']> = new Set([
  'started',
  'promoted',
  'completed',
  'approval-needed',
  'paused',
  'resumed',
  'rolled-back',
  'adopted',
  'verified',
  'checked',
  'mismatched',
] as const);
