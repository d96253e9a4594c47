import type { Logger } from 'pino';
import type { Clock } from '../../kit/time.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { Measuring } from './measuring.ts';
import type { ControlMetrics } from './metrics.ts';
import type { FlagLever, Journal, Leadership, MismatchStore, SignalSource } from './ports.ts';

/** What an engine is made of. */
export type EngineParts = {
  readonly plan: Plan;
  readonly sources: readonly SignalSource[];
  /** Reads what replicas serve; undefined where nothing can, and then no change is ever confirmed. */
  readonly witness: SignalSource | undefined;
  readonly lever: FlagLever;
  readonly journal: Journal;
  readonly mismatches: MismatchStore;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tickMs: number;
  readonly metrics: ControlMetrics;
  readonly measuring: Measuring;
  /** A stage that holds for longer is reported. */
  readonly holdAfterMs: number;
};
