import type { Command } from './command.ts';
import { decideCommand } from './command.ts';
import type { Percent } from './percent.ts';
import type { Plan } from './plan.ts';
import {
  type Checked,
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
import type { Verdict } from './verdict.ts';

/** What is known when something is decided. */
export type Knowledge = {
  readonly nowMs: number;
  /** Of every guard by every source. None at all is not good news. */
  readonly verdicts: readonly Verdict[];
  /** Why the percent may not be raised now (standing by, no journal, the flag cannot be read …); undefined when it may. */
  readonly noRaise: string | undefined;
};

export type Input =
  | { readonly kind: 'tick' }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'alert'; readonly id: string; readonly alert: string }
  /** The functional checks of the stage that is under way. */
  | { readonly kind: 'verified'; readonly passed: boolean }
  /** A check of all records and their histories. What it leads to is decided with the next tick, by its verdict. */
  | { readonly kind: 'checked'; readonly checked: Checked }
  /** Somebody else changed the flag, and this is what it says now. */
  | { readonly kind: 'flag-edited'; readonly percent: Percent; readonly by?: 'lease' };

export const EVENTS = [
  'started',
  'promoted',
  'completed',
  'approval-needed',
  'paused',
  'resumed',
  'rolled-back',
  'adopted',
] as const;

export type Decision =
  /** Nothing worth telling; `state` may have counted time. */
  | { readonly kind: 'none'; readonly state: State }
  | {
      readonly kind: 'changed';
      readonly state: State;
      readonly event: (typeof EVENTS)[number];
      readonly from: Percent;
      readonly to: Percent;
      readonly why: Reason;
    }
  /** A command that cannot be done now, and why. */
  | { readonly kind: 'refused'; readonly state: State; readonly why: string };

/** A gap between two ticks counts as this at most: neither a leap of the clock nor a restart is observation. */
const LONGEST_COUNTED_MS = 5_000;

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
      return adopt(plan, state, input.percent, known.nowMs, { kind: input.by ?? 'manual edit' });
  }
}

function decideTick(plan: Plan, state: State, known: Knowledge): Decision {
  const breach = guardsAct(plan, state) ? worstBreach(known.verdicts) : undefined;
  if (breach !== undefined && breach.onBreach !== 'hold') {
    const to = breach.onBreach === 'off' ? 0 : percentBelow(plan, percentOf(state));
    return rolledBack(state, to, known.nowMs, reasonOf(breach));
  }
  if (state.phase !== 'observing' && state.phase !== 'complete') {
    return { kind: 'none', state };
  }
  const counted = countTime(state, known);
  if (counted.phase === 'complete' || unhealthy(known.verdicts) !== undefined) {
    return { kind: 'none', state: counted };
  }
  const stage = stageAt(plan, counted.percent);
  if (stage === undefined || counted.healthyMs < stage.observeMs || unverified(plan, counted) !== undefined) {
    return { kind: 'none', state: counted };
  }
  return leaveStage(plan, counted, known, { kind: 'plan' });
}

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
    const complete: State = { phase: 'complete', percent, sinceMs: nowMs, healthyMs: 0, countedAtMs: nowMs };
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
  const next: State = { phase: 'observing', percent, sinceMs: nowMs, healthyMs: 0, countedAtMs: nowMs };
  return { kind: 'changed', state: next, event, from: percentOf(state), to: percent, why };
}

export function rolledBack(state: State, to: Percent, nowMs: number, why: Reason): Decision {
  const from = percentOf(state);
  return {
    kind: 'changed',
    state: { phase: 'rolled-back', from, to, sinceMs: nowMs, why },
    event: 'rolled-back',
    from,
    to,
    why,
  };
}

/** A flag that somebody edited by hand is the wish of whoever did: taken over, down and up. Guards watch it as any stage. */
function adopt(plan: Plan, state: State, percent: Percent, nowMs: number, why: Reason): Decision {
  const from = percentOf(state);
  if (percent === from) {
    return { kind: 'none', state };
  }
  if (percent < from) {
    return { ...rolledBack(state, percent, nowMs, why), event: 'adopted' } as Decision;
  }
  const underway = { percent, sinceMs: nowMs, healthyMs: 0, countedAtMs: nowMs };
  const next: State =
    stageAt(plan, percent) === undefined
      ? { phase: 'paused', from: 'observing', why, ...underway }
      : { phase: 'observing', ...underway };
  return { kind: 'changed', state: next, event: 'adopted', from, to: percent, why };
}

const outcome = (passed: boolean) => (passed ? 'passed' : 'failed');

function countTime<S extends Extract<State, { phase: 'observing' | 'complete' }>>(state: S, known: Knowledge): S {
  const elapsedMs = Math.min(Math.max(known.nowMs - state.countedAtMs, 0), LONGEST_COUNTED_MS);
  const healthyMs = unhealthy(known.verdicts) === undefined ? state.healthyMs + elapsedMs : state.healthyMs;
  return { ...state, healthyMs, countedAtMs: known.nowMs };
}

/** The first verdict that does not let time count; undefined when there is none. No verdicts are no health. */
export function unhealthy(verdicts: readonly Verdict[]): string | undefined {
  if (verdicts.length === 0) {
    return 'no guard has a verdict yet';
  }
  const first = verdicts.find(({ kind }) => kind !== 'healthy');
  return first && `${first.guard} (${first.source}) is ${first.kind}${first.detail && `: ${first.detail}`}`;
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
  return { kind: 'guard', guard, source, value, limit, limitText, samples, detail };
}
