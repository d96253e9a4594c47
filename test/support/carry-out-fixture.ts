import { createCarryOut } from '../../src/controller/engine/carry-out.ts';
import type { Held } from '../../src/controller/engine/held.ts';
import { createHolder } from '../../src/controller/engine/holder.ts';
import type { FlagWrite, FlagWritten } from '../../src/controller/engine/ports.ts';
import { createProblems } from '../../src/controller/engine/problems.ts';
import type { JournalEvent } from '../../src/rollout/event.ts';
import { parsePlan } from '../../src/rollout/plan.ts';
import { percentOf, type Reason, type State } from '../../src/rollout/state.ts';
import type { Changed } from '../../src/rollout/transitions.ts';
import { createFakeClock } from './fake-clock.ts';

export const PLAN = parsePlan(`
rollout: r
flag: f
stages: [{ percent: 5, observe: 1m }, { percent: 10, observe: 1m }, { percent: 25, observe: 1m, approval: required }]
guards: [{ name: errors, measure: error-rate, limit: 1%, onBreach: off }]
`);
export const BY_ALERT: Reason = { kind: 'alert', alert: 'Slow', id: '1' };
export const BY_PERSON: Reason = { kind: 'command', actor: 'ann', reason: '' };

export const observing = (percent: number, sinceMs = 1): State => ({
  phase: 'observing',
  percent,
  sinceMs,
  healthyMs: 0,
  countedAtMs: sinceMs,
});
export const rolledBack = (from: number, to: number, why: Reason = BY_ALERT): State => ({
  phase: 'rolled-back',
  from,
  to,
  sinceMs: 2,
  why,
});
export const paused = (percent: number): State =>
  ({ ...observing(percent), phase: 'paused', from: 'observing', why: BY_PERSON }) as State;
export const raising = (from: number, to: number): Changed => ({
  kind: 'changed',
  event: from === 0 ? 'started' : 'promoted',
  from,
  to,
  state: observing(to, 9),
  why: { kind: 'plan' },
});
export const lowering = (from: number, to: number, why: Reason = BY_ALERT): Changed => ({
  kind: 'changed',
  event: 'rolled-back',
  from,
  to,
  state: rolledBack(from, to, why),
  why,
});
export const known = (state: State, more: Partial<Extract<Held, { kind: 'known' }>> = {}): Held => ({
  kind: 'known',
  state,
  revision: 1,
  ahead: false,
  debt: undefined,
  ...more,
});

/** What a lever does with a write: at once, after `ms` whether it is still waited for or not, or not at all. */
export type LeverMood = 'works' | 'refuses' | { readonly afterMs: number } | 'hangs';
export type JournalMood = 'works' | 'away' | 'hangs';

/** For tests: carries out over a flag and a journal that are in the mood the test says. */
export function startCarryOut(state: State) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const [events, asked, begun, troubles]: [JournalEvent[], number[], string[], string[]] = [[], [], [], []];
  const mood: { lever: LeverMood; journal: JournalMood } = { lever: 'works', journal: 'works' };
  const flag = { percent: percentOf(state) };
  let noRaise: string | undefined;
  let saves = 0;
  let hastened = 0;
  const problems = createProblems(clock, (name, text) => void troubles.push(`${name}: ${text}`));
  const holder = createHolder(() => {});
  holder.set(known(state));

  function land({ percent, expected }: FlagWrite): FlagWritten {
    const isRaise = expected !== undefined;
    if (isRaise ? flag.percent !== expected : flag.percent < percent) {
      return { kind: 'conflict', found: { kind: 'read', percent: flag.percent, leaseUntilMs: undefined } };
    }
    flag.percent = percent;
    return { kind: 'written' };
  }

  async function write(asking: FlagWrite): Promise<FlagWritten> {
    asked.push(asking.percent);
    const now = mood.lever;
    if (now === 'hangs') {
      return new Promise(() => {});
    }
    if (now === 'refuses') {
      return { kind: 'refused', by: 'store', problems: ['403'] };
    }
    if (now !== 'works') {
      await clock.sleep(now.afterMs);
    }
    return land(asking);
  }

  const carry = createCarryOut({
    plan: PLAN,
    lever: {
      name: 'file',
      where: 'flags.json',
      read: async () => ({ kind: 'read', percent: flag.percent, leaseUntilMs: undefined }),
      rehearse: async () => ({ kind: 'works', way: 'replace' }),
      write,
    },
    holder,
    keeper: {
      save: () => {
        saves += 1;
        return mood.journal === 'hangs' ? new Promise(() => {}) : Promise.resolve(mood.journal === 'works');
      },
    },
    recorder: { record: (event) => void events.push(event) },
    problems,
    follower: {
      begin: ({ percent }) => void begun.push(`${percent}`),
      beginAgain: ({ percent }) => void begun.push(`${percent} again`),
    },
    metrics: { countRollback: () => {} },
    clock,
    stop: stop.signal,
    hasten: () => {
      hastened += 1;
    },
    evidence: () => undefined,
    onLowered: () => {},
    whyNoRaise: () => noRaise,
  });
  return {
    carry,
    clock,
    holder,
    mood,
    flag,
    asked,
    begun,
    troubles,
    events,
    problems,
    signal: stop.signal,
    stop: () => stop.abort(),
    saves: () => saves,
    hastened: () => hastened,
    forbid: (why: string) => {
      noRaise = why;
    },
    /** `rolling-back 25→0`, in their order. */
    said: () => events.map(({ kind, from, to }) => `${kind} ${from}→${to}`),
    isOwed: () => {
      const held = holder.get();
      return held.kind === 'known' && held.debt !== undefined;
    },
  };
}
