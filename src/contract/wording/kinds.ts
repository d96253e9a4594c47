import type { EventAnswer } from '../schemas.ts';

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

/** Facts of a stage: they change no percent. */
export const FACTS: ReadonlySet<EventAnswer['kind']> = new Set(['verified', 'checked', 'mismatched'] as const);

/** Whether a fact is bad news: what was checked failed, or differs. */
export function isBadFact({ kind, details }: Pick<EventAnswer, 'kind' | 'details'>): boolean {
  const { failed, findings } = details as { readonly failed?: unknown; readonly findings?: unknown };
  return (
    kind === 'mismatched' || (kind === 'verified' && Number(failed) > 0) || (kind === 'checked' && Number(findings) > 0)
  );
}
