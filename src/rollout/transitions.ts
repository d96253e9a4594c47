import type { Percent } from '../kit/percent.ts';
import type { DecisionKind } from './event.ts';
import type { Plan } from './plan-types.ts';
import { beganAt, enter, isAutomatic, percentOf, type Reason, type State, stageAfter } from './state.ts';
import type { Verdict } from './verdict.ts';

/** What is known when something is decided. */
export type Knowledge = {
  readonly nowMs: number;
  /** How often it is decided, as planned. */
  readonly tickMs: number;
  /** Of every guard by every source. None at all is not good news. */
  readonly verdicts: readonly Verdict[];
  /** Alerts that fire now, by name: while one does, a percent above 0 drops. */
  readonly firing: readonly string[];
  /** Why the percent may not be raised now (standing by, no journal, the flag cannot be read …); undefined when it may. */
  readonly noRaise: string | undefined;
};

export type Changed = {
  readonly kind: 'changed';
  readonly state: State;
  readonly event: DecisionKind;
  readonly from: Percent;
  readonly to: Percent;
  readonly why: Reason;
};

export type Decision =
  /** Nothing worth saying; `state` may have counted time. */
  | { readonly kind: 'none'; readonly state: State }
  | Changed
  /** A command that cannot be done now, and why. */
  | { readonly kind: 'refused'; readonly state: State; readonly why: string };

/** Goes where a finished stage leads: to the next one, to waiting for approval, or to the watch. */
export function leaveStage(
  plan: Plan,
  state: Extract<State, { phase: 'observing' }>,
  known: Knowledge,
  why: Reason,
): Decision {
  const { percent } = state;
  const next = stageAfter(plan, percent);
  const { nowMs } = known;
  if (next === undefined) {
    const complete: State = { phase: 'complete', ...enter(state, percent, nowMs) };
    return { kind: 'changed', state: complete, event: 'completed', from: percent, to: percent, why };
  }
  if (next.needsApproval) {
    const waiting: State = { ...state, phase: 'awaiting-approval' };
    return { kind: 'changed', state: waiting, event: 'approval-needed', from: percent, to: percent, why };
  }
  return raised(state, next.percent, nowMs, 'promoted', why, known);
}

export function raised(
  state: State,
  percent: Percent,
  nowMs: number,
  event: 'started' | 'promoted',
  why: Reason,
  { noRaise }: Pick<Knowledge, 'noRaise'>,
): Decision {
  if (noRaise !== undefined) {
    return why.kind === 'command' ? { kind: 'refused', state, why: noRaise } : { kind: 'none', state };
  }
  const next: State = { phase: 'observing', ...enter(state, percent, nowMs) };
  return { kind: 'changed', state: next, event, from: percentOf(state), to: percent, why };
}

export function rolledBack(state: State, to: Percent, nowMs: number, why: Reason): Changed {
  const from = percentOf(state);
  const beganMs = to === 0 ? undefined : beganAt(state);
  const kept = { ...(isAutomatic(state) && { stands: true }), ...(beganMs !== undefined && { beganMs }) };
  return {
    kind: 'changed',
    state: { phase: 'rolled-back', from, to, sinceMs: nowMs, why, ...kept },
    event: 'rolled-back',
    from,
    to,
    why,
  };
}

/** The first verdict that does not let time count; undefined when there is none. No verdicts are no health. */
export function unhealthy(verdicts: readonly Verdict[]): string | undefined {
  if (verdicts.length === 0) {
    return 'no guard has a verdict yet';
  }
  const first = verdicts.find(({ kind }) => kind !== 'healthy');
  return first && `${first.guard} (${first.source}) is ${first.kind}${first.detail && `: ${first.detail}`}`;
}
