import type { JournalEvent } from '../../../src/rollout/event.ts';
import type { FlagChange } from '../world/flag-store.ts';
import { controllerOf, type Fail, type Told } from './truth.ts';

const EXPLAINS = ['started', 'promoted', 'rolled-back', 'adopted'];
const AROUND_MS = 15_000;

type Seen = {
  readonly changes: readonly FlagChange[];
  readonly told: readonly Told[];
  readonly isInJournal: (event: JournalEvent) => boolean;
  /** When each controller ended, and what it had not written yet was lost. */
  readonly ends: readonly { readonly atMs: number; readonly by: string }[];
  readonly tickMs: number;
};

/** At the end of a world: the journal explains every change of the flag that a controller made. */
export function checkExplained({ changes, told, isInJournal, ends, tickMs }: Seen, fail: Fail): void {
  const aroundMs = Math.max(AROUND_MS, 4 * tickMs);
  changes.forEach(({ by, from, to, atMs }, at) => {
    if (controllerOf(by) === undefined) {
      return;
    }
    const untilMs = (changes[at + 1]?.atMs ?? Number.POSITIVE_INFINITY) + aroundMs;
    const fitting = told.filter(
      ({ atMs: toldMs, event }) => toldMs >= atMs - aroundMs && toldMs <= untilMs && explains(event, to),
    );
    // One that raises it again and again is said once in ten minutes.
    const isAgain = told.some(({ atMs: toldMs, event }) => toldMs <= untilMs && isRaisedAgain(event));
    const isEnded = ends.some((end) => end.by === by && end.atMs >= atMs && end.atMs <= untilMs + aroundMs);
    const isWritten = fitting.some(({ event }) => isInJournal(event));
    const isLost = fitting.some(({ by: who }) => ends.some((end) => end.by === who && end.atMs >= atMs));
    if (!isWritten && !isAgain && !isEnded && !isLost) {
      const what = `${by} changed ${from} to ${to} % at ${(atMs / 1_000).toFixed(1)} s`;
      fail('the journal explains every change of the flag', `${what}; ${fitting.length} events say so, none is there`);
    }
  });
}

const explains = ({ kind, to }: JournalEvent, percent: number) => to === percent && EXPLAINS.includes(kind);
const isRaisedAgain = ({ kind, text }: JournalEvent) => kind === 'trouble' && text.includes('raised to');
