import type { Percent } from '../kit/percent.ts';
import { type Command, decideCommand } from './command.ts';
import type { Plan } from './plan-types.ts';
import {
  type Checked,
  enter,
  guardsAct,
  percentBelow,
  percentOf,
  type Reason,
  type State,
  stageAfter,
  stageAt,
  timeLeftMs,
  unverified,
} from './state.ts';
import { type Decision, type Knowledge, leaveStage, rolledBack, unhealthy } from './transitions.ts';
import type { Verdict } from './verdict.ts';

export type Input =
  | { readonly kind: 'tick' }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'alert'; readonly id: string; readonly alert: string }
  /** The functional checks of the stage that is under way. */
  | { readonly kind: 'verified'; readonly passed: boolean }
  /** A check of all records and their histories. What it leads to is decided with the next tick, by its verdict. */
  | { readonly kind: 'checked'; readonly checked: Checked }
  /** Somebody else changed the flag, and this is what it says now. */
  | { readonly kind: 'flag-edited'; readonly percent: Percent; readonly by: 'manual edit' | 'lease' | 'found' };

/** A gap between two ticks counts as this at most, or as two ticks: neither a leap of the clock nor a restart is observation. */
const LONGEST_COUNTED_MS = 5_000;
const MOST_TICKS_COUNTED = 2;

/**
 * What the rollout does next. Pure: the same inputs give the same decision. A breach beats everything; the percent rises only
 * with healthy verdicts; whoever lowers it is never contradicted.
 */
export function decide(plan: Plan, state: State, input: Input, known: Knowledge): Decision {
  switch (input.kind) {
    case 'tick':
      return decideTick(plan, state, known);
    case 'command':
      return decideCommand(plan, state, input.command, known);
    case 'alert':
      return percentOf(state) === 0
        ? { kind: 'none', state }
        : rolledBack(state, 0, known.nowMs, { kind: 'alert', alert: input.alert, id: input.id });
    case 'verified':
      return { kind: 'none', state: 'healthyMs' in state ? { ...state, verified: outcome(input.passed) } : state };
    case 'checked':
      return { kind: 'none', state: 'sinceMs' in state ? { ...state, checked: input.checked } : state };
    case 'flag-edited':
      return adopt(plan, state, input.percent, known.nowMs, { kind: input.by });
  }
}

function decideTick(plan: Plan, state: State, known: Knowledge): Decision {
  const [alert] = known.firing;
  if (alert !== undefined && percentOf(state) > 0) {
    return rolledBack(state, 0, known.nowMs, { kind: 'alert', alert, id: '' });
  }
  const breach = guardsAct(plan, state) ? worstBreach(known.verdicts) : undefined;
  if (breach !== undefined && breach.onBreach !== 'hold') {
    const to = breach.onBreach === 'off' ? 0 : percentBelow(plan, percentOf(state));
    return rolledBack(state, to, known.nowMs, reasonOf(breach));
  }
  const left = leftBehind(plan, state);
  if (left !== undefined) {
    return left;
  }
  const underway = approvalAsPlanned(plan, state);
  if (underway.phase !== 'observing' && underway.phase !== 'complete') {
    return { kind: 'none', state };
  }
  const counted = countTime(underway, known);
  if (counted.phase === 'complete' || unhealthy(known.verdicts) !== undefined) {
    return { kind: 'none', state: counted };
  }
  const stage = stageAt(plan, counted.percent);
  if (stage === undefined || counted.healthyMs < stage.observeMs || unverified(plan, counted) !== undefined) {
    return { kind: 'none', state: counted };
  }
  return leaveStage(plan, counted, known, { kind: 'plan' });
}

/**
 * The plan was changed and has no such stage any more, or goes on after what was its end: where that leads, only a person can say.
 * @returns undefined where the plan still fits.
 */
function leftBehind(plan: Plan, state: State): Decision | undefined {
  const paused = (more: Extract<State, { phase: 'paused' }>): Decision => {
    const { percent, why } = more;
    return { kind: 'changed', state: more, event: 'paused', from: percent, to: percent, why };
  };
  if (state.phase === 'observing' || state.phase === 'awaiting-approval') {
    const { percent, phase: from } = state;
    return stageAt(plan, percent) === undefined
      ? paused({ ...state, phase: 'paused', from, why: { kind: 'plan-changed', percent } })
      : undefined;
  }
  const next = state.phase === 'complete' ? stageAfter(plan, state.percent)?.percent : undefined;
  if (state.phase !== 'complete' || next === undefined) {
    return undefined;
  }
  const why: Reason = { kind: 'plan-changed', percent: state.percent, next };
  return paused({ ...state, phase: 'paused', from: 'observing', healthyMs: 0, why });
}

/** A plan that asks for no approval any more makes nobody wait for one. */
function approvalAsPlanned(plan: Plan, state: State): State {
  return state.phase === 'awaiting-approval' && stageAfter(plan, state.percent)?.needsApproval !== true
    ? { ...state, phase: 'observing' }
    : state;
}

/** A flag that somebody edited by hand is the wish of whoever did: taken over, down and up. Guards watch it as any stage. */
function adopt(plan: Plan, state: State, percent: Percent, nowMs: number, why: Reason): Decision {
  const from = percentOf(state);
  if (percent === from) {
    return { kind: 'none', state };
  }
  if (percent < from) {
    return { ...rolledBack(state, percent, nowMs, why), event: 'adopted' };
  }
  const underway = enter(state, percent, nowMs);
  const next: State =
    stageAt(plan, percent) === undefined
      ? { phase: 'paused', from: 'observing', why, ...underway }
      : { phase: 'observing', ...underway };
  return { kind: 'changed', state: next, event: 'adopted', from, to: percent, why };
}

const outcome = (passed: boolean) => (passed ? 'passed' : 'failed');

function countTime<S extends Extract<State, { phase: 'observing' | 'complete' }>>(state: S, known: Knowledge): S {
  const longestMs = Math.max(LONGEST_COUNTED_MS, MOST_TICKS_COUNTED * known.tickMs);
  const elapsedMs = Math.min(Math.max(known.nowMs - state.countedAtMs, 0), longestMs);
  const healthyMs = unhealthy(known.verdicts) === undefined ? state.healthyMs + elapsedMs : state.healthyMs;
  return { ...state, healthyMs, countedAtMs: known.nowMs };
}

/** Why the stage does not go on by itself; undefined where it does, or has its time before it. */
export function holding(plan: Plan, state: State, verdicts: readonly Verdict[]): string | undefined {
  return unhealthy(verdicts) ?? (timeLeftMs(plan, state) === 0 ? unverified(plan, state) : undefined);
}

const SEVERITY = { off: 2, previous: 1, hold: 0 } as const;

function worstBreach(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts
    .filter(({ kind }) => kind === 'breached')
    .toSorted((a, b) => SEVERITY[b.onBreach] - SEVERITY[a.onBreach])[0];
}

function reasonOf({ guard, source, value, limit, limitText, samples, detail }: Verdict): Reason {
  return { kind: 'guard', guard, source, limit, limitText, samples, detail, ...(value !== undefined && { value }) };
}
