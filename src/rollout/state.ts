import type { Percent } from '../kit/percent.ts';
import type { Plan, Stage } from './plan-types.ts';
import type { Reason, State } from './state-schema.ts';

export type { Checked, Reason, State } from './state-schema.ts';

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

/**
 * Whether nobody asked for it: such a rollback stands until a person says otherwise to the controller. Lowering it further is not
 * that.
 */
export function isAutomatic(state: State): boolean {
  return (
    state.phase === 'rolled-back' &&
    (state.stands === true || (AUTOMATIC as readonly string[]).includes(state.why.kind))
  );
}

const AUTOMATIC = ['guard', 'alert', 'lease'] as const satisfies readonly Reason['kind'][];

/** When the stage that is served now began: evidence from before it does not count. Undefined at 0 %. */
export function servedSince(state: State): number | undefined {
  return state.phase === 'idle' || percentOf(state) === 0 ? undefined : state.sinceMs;
}

/** When the rollout that is under way began; undefined at 0 %, and where nobody knows. */
export const beganAt = (state: State): number | undefined =>
  percentOf(state) > 0 && 'beganMs' in state ? state.beganMs : undefined;

/** What follows `before` at this percent: the same rollout goes on, and from 0 % another one begins. */
export function enter(before: State, percent: Percent, nowMs: number) {
  const beganMs = percentOf(before) === 0 ? nowMs : beganAt(before);
  return { percent, sinceMs: nowMs, healthyMs: 0, countedAtMs: nowMs, ...(beganMs !== undefined && { beganMs }) };
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
