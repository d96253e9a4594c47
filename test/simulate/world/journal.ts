import type { AlertChange, FiringAlert, Journal, SavedRollout } from '../../../src/controller/engine/ports.ts';
import type { JournalEvent } from '../../../src/rollout/event.ts';
import type { ProcessClock, WorldClock } from './clock.ts';

export type JournalFault = 'none' | 'slow' | 'hanging' | 'away';

const QUERY_WITHIN_MS = 1_000;

/** The database of a world: rows, the lock of who leads, and how both fail. */
export function createSimulatedDatabase(clock: Pick<WorldClock, 'now'>, onIntent: () => void) {
  let row: SavedRollout | undefined;
  let before: SavedRollout | undefined;
  const events = new Map<string, JournalEvent>();
  const alerts = new Map<string, AlertChange>();
  let fault: JournalFault = 'none';
  /** Controllers that cannot reach it though others can. */
  const cutOff = new Set<string>();
  let holder: string | undefined;
  const outAtMs = new Map<string, number>();
  let allOutAtMs = Number.NEGATIVE_INFINITY;

  async function answer<T>(own: ProcessClock, by: string, work: () => T): Promise<T> {
    if (fault === 'away' || cutOff.has(by)) {
      await own.sleep(1);
      throw new Error('the database is unreachable');
    }
    if (fault === 'hanging') {
      await own.sleep(QUERY_WITHIN_MS);
      throw new Error('no answer within 1000 ms');
    }
    // Half of it on the way there, half on the way back: others come in between.
    const onTheWayMs = fault === 'slow' ? 350 : 1;
    await own.sleep(onTheWayMs);
    if (isAway(by)) {
      throw new Error('the connection broke');
    }
    const result = work();
    await own.sleep(onTheWayMs);
    return result;
  }
  const isAway = (by: string) => fault === 'away' || cutOff.has(by);

  function save(next: SavedRollout): boolean {
    if ((row?.revision ?? 0) !== next.revision) {
      return false;
    }
    before = row;
    row = { ...next, revision: next.revision + 1 };
    return true;
  }

  return {
    set: (next: JournalFault): void => {
      allOutAtMs = fault === 'away' || fault === 'hanging' ? clock.now() : allOutAtMs;
      fault = next;
      if (next === 'away') {
        holder = undefined;
      }
    },
    cut: (by: string, isCut: boolean): void => {
      if (isCut) {
        cutOff.add(by);
        holder = holder === by ? undefined : holder;
      } else {
        cutOff.delete(by);
        outAtMs.set(by, clock.now());
      }
    },
    /** A failover to a standby that had not received the last row yet. */
    loseLastRow: (): void => {
      row = before;
      holder = undefined;
    },
    /** When it could not be reached by this one for the last time. */
    outOfReachAtMs: (by: string): number =>
      isAway(by) || fault === 'hanging'
        ? clock.now()
        : Math.max(allOutAtMs, outAtMs.get(by) ?? Number.NEGATIVE_INFINITY),
    release: (by: string): void => {
      holder = holder === by ? undefined : holder;
    },
    holder: () => holder,
    /** Tries for the lock. */
    tryToLead: (by: string): boolean => {
      if (isAway(by) || fault === 'hanging') {
        return holder === by;
      }
      holder ??= by;
      return holder === by;
    },
    has: ({ eventId }: JournalEvent): boolean => events.has(eventId),
    firing: (): readonly FiringAlert[] =>
      [...alerts.values()].filter(({ status }) => status === 'firing').map(({ alert }) => alert),
    seenBy: (own: ProcessClock, by: string): Journal => ({
      load: () =>
        // Another object each time, as a database gives it.
        answer(own, by, () => row && { ...row, state: { ...row.state }, intent: row.intent && { ...row.intent } }),
      save: (next) => {
        if (next.intent !== undefined) {
          onIntent();
        }
        return answer(own, by, () => save(next));
      },
      append: (more) =>
        answer(own, by, () => {
          for (const event of more) {
            if (!events.has(event.eventId)) {
              events.set(event.eventId, event);
            }
          }
        }),
      alerts: () => answer(own, by, () => [...alerts.values()]),
      keepAlerts: (changes) =>
        answer(own, by, () => {
          for (const change of changes) {
            const key = `${change.alert.fingerprint}@${change.alert.startsAtMs}`;
            if (alerts.get(key)?.status !== 'resolved') {
              alerts.set(key, change);
            }
          }
        }),
    }),
  };
}

export type SimulatedDatabase = ReturnType<typeof createSimulatedDatabase>;
