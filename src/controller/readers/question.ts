import type { StatusAnswer } from '../../contract/schemas.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { State } from '../../rollout/state.ts';
import type { Measurement } from '../../rollout/timeline.ts';
import type { Verdict } from '../../rollout/verdict.ts';

/** What readers ask for that costs more than a look at what is known. */
export type Question =
  | { readonly kind: 'history'; readonly limit: number }
  | { readonly kind: 'measurements'; readonly fromMs: number }
  | { readonly kind: 'report'; readonly language: 'en' | 'zh'; readonly format: 'md' | 'html' };

/** What only the engine's thread knows, for a report. */
export type Now = {
  readonly status: StatusAnswer;
  readonly state: State;
  readonly verdicts: readonly Verdict[];
};

export type Job = { readonly question: Question; readonly now: Now | undefined };

/** What a thread begins with: what this process measured and recorded lately, the database has the rest. */
export type Seed = {
  readonly databaseUrl: string;
  readonly plan: Plan;
  readonly points: readonly Measurement[];
  /** The newest first. */
  readonly events: readonly JournalEvent[];
};

/** What goes to the thread as it happens. */
export type News =
  | { readonly kind: 'point'; readonly point: Measurement }
  | { readonly kind: 'event'; readonly event: JournalEvent };
