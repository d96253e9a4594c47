import { createFiringAlerts } from '../../src/controller/engine/firing-alerts.ts';
import type { Held } from '../../src/controller/engine/held.ts';
import { createHolder } from '../../src/controller/engine/holder.ts';
import { createJournalKeeper } from '../../src/controller/engine/journal-keeper.ts';
import type { AlertChange, SavedRollout } from '../../src/controller/engine/ports.ts';
import { createProblems } from '../../src/controller/engine/problems.ts';
import { percentOf, type State } from '../../src/rollout/state.ts';
import { createFakeClock } from './fake-clock.ts';

type Mood = 'works' | 'away' | 'hangs' | { readonly slowMs: number } | 'takes it and hangs';
export const FIRING: AlertChange = {
  status: 'firing',
  alert: { fingerprint: 'a', name: 'Slow', startsAtMs: 1, summary: '' },
};
const ROW = { intent: undefined, settled: true, unconfirmed: undefined, legacyBaseline: undefined };

/** A keeper over a journal in the mood the test says, which another controller may write to as well. */
export function startJournalKeeper(held: Held, row?: State) {
  const clock = createFakeClock();
  const now = {
    mood: 'works' as Mood,
    leading: true,
    asked: [] as string[],
    alerts: [] as AlertChange[],
    intent: undefined as State | undefined,
  };
  let stored: SavedRollout | undefined = row && { ...ROW, revision: 1, state: row };
  const [written, loads]: [string[], number[]] = [[], []];
  const holder = createHolder(() => {});
  holder.set(held);
  const alerts = createFiringAlerts();

  async function answer<T>(question: string, work: () => T): Promise<T> {
    now.asked.push(question);
    const { mood } = now;
    if (mood === 'away') {
      throw new Error('connection refused');
    }
    if (mood === 'hangs') {
      return new Promise(() => {});
    }
    if (typeof mood === 'object') {
      await clock.sleep(mood.slowMs / 2);
    }
    const done = work();
    if (typeof mood === 'object') {
      await clock.sleep(mood.slowMs / 2);
    }
    return mood === 'takes it and hangs' ? new Promise(() => {}) : done;
  }

  function put(next: SavedRollout): boolean {
    if ((stored?.revision ?? 0) !== next.revision) {
      return false;
    }
    stored = { ...next, revision: next.revision + 1 };
    return true;
  }

  const keeper = createJournalKeeper({
    journal: {
      load: () => answer('load', () => stored),
      save: (next) => answer('save', () => put(next)),
      append: async () => {},
      alerts: () => answer('alerts', () => now.alerts),
      keepAlerts: (changes) => answer('keep alerts', () => void now.alerts.push(...changes)),
    },
    leadership: { leading: () => now.leading },
    holder,
    alerts,
    problems: createProblems(clock, (_name, text) => written.push(text)),
    clock,
    flag: () => undefined,
    unconfirmed: () => undefined,
    legacyBaseline: () => undefined,
    intent: () => now.intent,
    onRead: () => {},
    onLoaded: () => void loads.push(percentOf(holder.state())),
  });
  return {
    ...keeper,
    clock,
    now,
    holder,
    alerts,
    written,
    loads,
    stored: () => stored,
    /** What another controller saves. */
    others: (state: State) => put({ ...ROW, revision: stored?.revision ?? 0, state }),
    isAhead: () => {
      const at = holder.get();
      return at.kind === 'known' && at.ahead;
    },
  };
}
