import type { Percent } from '../kit/percent.ts';
import type { Plan } from './plan-types.ts';
import { enter, percentOf, type Reason, type State, stageAfter, stageAt, unverified } from './state.ts';
import { type Decision, type Knowledge, leaveStage, raised, rolledBack, unhealthy } from './transitions.ts';

export const COMMANDS = ['start', 'promote', 'approve', 'pause', 'resume', 'rollback'] as const;

/** What a person asks for. `to` is for a rollback to a stage; without it, a rollback goes to 0 %. */
export type Command = {
  readonly name: (typeof COMMANDS)[number];
  readonly actor: string;
  readonly reason: string;
  readonly to?: Percent | undefined;
};

export function decideCommand(plan: Plan, state: State, command: Command, known: Knowledge): Decision {
  const why: Reason = { kind: 'command', actor: command.actor, reason: command.reason };
  const refuse = (text: string): Decision => ({ kind: 'refused', state, why: text });
  switch (command.name) {
    case 'start':
      return start(plan, state, known, why);
    case 'promote': {
      if (state.phase !== 'observing') {
        return refuse(`only a stage that is observed can be promoted; the rollout is ${phrase(state)}.`);
      }
      const unhealthyGuard = unhealthy(known.verdicts);
      if (unhealthyGuard !== undefined) {
        return refuse(`a promotion needs every guard healthy; ${unhealthyGuard}.`);
      }
      const missing = unverified(plan, state);
      return missing === undefined ? leaveStage(plan, state, known, why) : refuse(`${missing}.`);
    }
    case 'approve': {
      const next = state.phase === 'awaiting-approval' ? stageAfter(plan, state.percent) : undefined;
      if (next === undefined) {
        return refuse(`nothing waits for approval; the rollout is ${phrase(state)}.`);
      }
      const unhealthyGuard = unhealthy(known.verdicts);
      if (unhealthyGuard !== undefined) {
        return refuse(`${next.percent} % needs every guard healthy; ${unhealthyGuard}.`);
      }
      const missing = unverified(plan, state);
      return missing === undefined
        ? raised(state, next.percent, known.nowMs, 'promoted', why, known)
        : refuse(`${missing}.`);
    }
    case 'pause':
      if (state.phase !== 'observing' && state.phase !== 'awaiting-approval' && state.phase !== 'complete') {
        return refuse(`there is nothing to pause; the rollout is ${phrase(state)}.`);
      }
      return unmoved({ ...state, phase: 'paused', from: state.phase, why }, 'paused', why);
    case 'resume':
      return resume(plan, state, known, why);
    case 'rollback':
      return rollback(plan, state, command.to ?? 0, known, why);
  }
}

function start(plan: Plan, state: State, known: Knowledge, why: Reason): Decision {
  if (percentOf(state) > 0) {
    return {
      kind: 'refused',
      state,
      why: `the rollout has already started: it is ${phrase(state)}. Roll it back to 0 % to start over.`,
    };
  }
  if (known.noRaise !== undefined) {
    return { kind: 'refused', state, why: known.noRaise };
  }
  const down = known.verdicts.find(({ kind }) => kind === 'source-error');
  if (known.verdicts.length === 0 || down !== undefined) {
    const what = down === undefined ? 'no source has been read yet' : `${down.source} gives no data (${down.detail})`;
    return { kind: 'refused', state, why: `a rollout cannot start without signals: ${what}.` };
  }
  const first = plan.stages[0] as { percent: Percent; needsApproval: boolean };
  return raised(state, first.percent, known.nowMs, 'started', why, known);
}

function resume(plan: Plan, state: State, { nowMs }: Knowledge, why: Reason): Decision {
  if (state.phase === 'rolled-back' && state.to > 0) {
    if (stageAt(plan, state.to) === undefined) {
      return { kind: 'refused', state, why: notAStage(plan, state.to) };
    }
    const next: State = { phase: 'observing', ...enter(state, state.to, nowMs) };
    return unmoved(next, 'resumed', why);
  }
  if (state.phase !== 'paused') {
    const hint = state.phase === 'rolled-back' ? ' Use start to begin again.' : '';
    return { kind: 'refused', state, why: `nothing is paused; the rollout is ${phrase(state)}.${hint}` };
  }
  if (stageAt(plan, state.percent) === undefined) {
    return { kind: 'refused', state, why: notAStage(plan, state.percent) };
  }
  const { from, why: _paused, ...underway } = state;
  return unmoved({ ...underway, phase: from, countedAtMs: nowMs }, 'resumed', why);
}

function notAStage(plan: Plan, percent: Percent): string {
  const lower = plan.stages.map((stage) => stage.percent).filter((each) => each < percent);
  return `${percent} % is not a stage of the plan. Roll back to one of ${[0, ...lower].join(', ')}, or edit the flag to a stage.`;
}

/** Needs nothing: no health, no leadership, no journal, and goes through from any state. */
function rollback(plan: Plan, state: State, to: Percent, { nowMs }: Knowledge, why: Reason): Decision {
  if (to !== 0) {
    const allowed = plan.stages.map(({ percent }) => percent).filter((percent) => percent < percentOf(state));
    if (!allowed.includes(to)) {
      return {
        kind: 'refused',
        state,
        why: `a rollback goes down: from ${percentOf(state)} % to one of ${[0, ...allowed].join(', ')}; got ${to}.`,
      };
    }
  }
  return rolledBack(state, to, nowMs, why);
}

function unmoved(state: State, event: 'paused' | 'resumed', why: Reason): Decision {
  return { kind: 'changed', state, event, from: percentOf(state), to: percentOf(state), why };
}

/** The state in a sentence: `observing 10 %`, `rolled back from 25 % to 0 %`. */
export function phrase(state: State): string {
  switch (state.phase) {
    case 'idle':
      return 'idle';
    case 'rolled-back':
      return `rolled back from ${state.from} % to ${state.to} %`;
    case 'awaiting-approval':
      return `awaiting approval at ${state.percent} %`;
    case 'paused':
      return `paused at ${state.percent} %`;
    case 'complete':
      return `complete at ${state.percent} %`;
    case 'observing':
      return `observing ${state.percent} %`;
  }
}
