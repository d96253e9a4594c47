import type { Percent } from '../kit/percent.ts';
import type { Plan, Stage } from './plan.ts';

/** Why something was done: who or what asked for it, with what was known. */
export type Reason =
  | {
      readonly kind: 'guard';
      readonly guard: string;
      readonly source: string;
      readonly value: number | undefined;
      readonly limit: number;
      readonly limitText: string;
      readonly samples: number;
      readonly detail: string;
    }
  | { readonly kind: 'alert'; readonly alert: string; readonly id: string }
  | { readonly kind: 'command'; readonly actor: string; readonly reason: string }
  | { readonly kind: 'manual edit' }
  /** Nobody renewed the lease in time: the flag fell to 0 by itself. */
  | { readonly kind: 'lease' }
  | { readonly kind: 'plan' };

/** What the last check of all records and their histories gave, in this stage. */
export type Checked = {
  readonly findings: number;
  /** How many changes it looked at. */
  readonly changes: number;
  /** Some of the records, by name; empty where it found nothing. */
  readonly detail: string;
};

/** A stage that is under way, with the time it has been healthy; time that does not count is not in it. */
type Underway = {
  readonly percent: Percent;
  readonly sinceMs: number;
  readonly healthyMs: number;
  /** When time was last counted, so that neither a gap nor a leap of the clock counts. */
  readonly countedAtMs: number;
  /** What the last functional checks of this stage found; undefined until there were any. */
  readonly verified?: 'passed' | 'failed';
  readonly checked?: Checked;
};

export type State =
  | { readonly phase: 'idle' }
  | ({ readonly phase: 'observing' } & Underway)
  | ({ readonly phase: 'awaiting-approval' } & Underway)
  | ({
      readonly phase: 'paused';
      readonly from: 'observing' | 'awaiting-approval' | 'complete';
      readonly why: Reason;
    } & Underway)
  | {
      readonly phase: 'rolled-back';
      readonly from: Percent;
      readonly to: Percent;
      readonly sinceMs: number;
      readonly why: Reason;
      readonly checked?: Checked;
    }
  /** All stages are behind; `healthyMs` counts the watch. */
  | ({ readonly phase: 'complete' } & Underway);

export const PHASES = [
  'idle',
  'observing',
  'awaiting-approval',
  'paused',
  'rolled-back',
  'complete',
] as const satisfies readonly State['phase'][];

export const IDLE: State = { phase: 'idle' };

/** What percent the rollout wants to be served. */
export function percentOf(state: State): Percent {
  switch (state.phase) {
    case 'idle':
      return 0;
    case 'rolled-back':
      return state.to;
    default:
      return state.percent;
  }
}

/** When the stage that is served now began: evidence from before it does not count. Undefined at 0 %. */
export function servedSince(state: State): number | undefined {
  return state.phase === 'idle' || percentOf(state) === 0 ? undefined : state.sinceMs;
}

/** Guards act wherever the domain path is served, until the watch after the last stage is over. */
export function guardsAct(plan: Plan, state: State): boolean {
  return percentOf(state) > 0 && !(state.phase === 'complete' && state.healthyMs >= plan.watchMs);
}

export function stageAt(plan: Plan, percent: Percent): Stage | undefined {
  return plan.stages.find((stage) => stage.percent === percent);
}

export function stageAfter(plan: Plan, percent: Percent): Stage | undefined {
  return plan.stages.find((stage) => stage.percent > percent);
}

/** The next lower stage; 0 below the first. */
export function percentBelow(plan: Plan, percent: Percent): Percent {
  return plan.stages.findLast((stage) => stage.percent < percent)?.percent ?? 0;
}

/** Why a stage that asks for functional checks is not left yet; undefined where nothing is missing. */
export function unverified(plan: Plan, state: State): string | undefined {
  const isStage = 'healthyMs' in state && state.phase !== 'complete' && !('from' in state && state.from === 'complete');
  if (!isStage || !stageAt(plan, state.percent)?.needsVerify || state.verified === 'passed') {
    return undefined;
  }
  const last = state.verified === 'failed' ? ', whose last run found a failure' : '';
  return `${state.percent} % waits for \`sluice verify\`${last}`;
}

/** Milliseconds of health that the stage, or the watch, still needs. */
export function timeLeftMs(plan: Plan, state: State): number | undefined {
  if (!('healthyMs' in state)) {
    return undefined;
  }
  const isWatch = state.phase === 'complete' || (state.phase === 'paused' && state.from === 'complete');
  const needed = isWatch ? plan.watchMs : stageAt(plan, state.percent)?.observeMs;
  return needed === undefined ? undefined : Math.max(0, needed - state.healthyMs);
}
