import { isOtherProcess } from './counters.ts';
import type { ReplicaReading } from './reading.ts';

/** For how long a breaker has been seen open, by the times of the samples. */
export type Opening = {
  readonly sinceMs: number;
  readonly seenMs: number;
  readonly samples: number;
  /** When it was last looked for. */
  readonly lookedMs: number;
};

export type Restart = { readonly replica: string; readonly atMs: number };

/** A breaker that was seen open twice, further apart, may have been closed between: Prometheus scrapes every 15 s. */
const LONGEST_GAP_MS = 15_500;
/** Behind the longest window. */
const RESTARTS_KEPT_MS = 15 * 60_000;
const MOST_RESTARTS = 1_000;

/** Which breakers are open, after one more look. One that this look did not reach is still taken for open for a while. */
export function openingsAfter(
  before: ReadonlyMap<string, Opening>,
  replicas: readonly ReplicaReading[],
  nowMs: number,
): ReadonlyMap<string, Opening> {
  const looked = new Set(replicas.map(({ replica }) => replica));
  const after = new Map(
    Array.from(before).filter(([replica, { lookedMs }]) => !looked.has(replica) && nowMs - lookedMs <= LONGEST_GAP_MS),
  );
  for (const { replica, atMs, breakerOpen } of replicas) {
    if (breakerOpen) {
      const known = before.get(replica);
      const isContinued = known !== undefined && atMs - known.seenMs <= LONGEST_GAP_MS && atMs >= known.seenMs;
      after.set(
        replica,
        isContinued
          ? { ...known, seenMs: atMs, lookedMs: nowMs, samples: known.samples + (atMs > known.seenMs ? 1 : 0) }
          : { sinceMs: atMs, seenMs: atMs, lookedMs: nowMs, samples: 1 },
      );
    }
  }
  return after;
}

/** How long a breaker was seen open without a gap. Two samples alone say nothing of the time between them. */
export const openForMs = ({ sinceMs, seenMs, samples }: Opening): number => (samples < 3 ? 0 : seenMs - sinceMs);

/** Processes that have begun anew at an address that was there before. A replica at another address is another one. */
export function restartsAfter(
  before: readonly Restart[],
  last: ReadonlyMap<string, ReplicaReading>,
  replicas: readonly ReplicaReading[],
  nowMs: number,
): readonly Restart[] {
  const begun = replicas.filter((current) => {
    const previous = last.get(current.replica);
    return previous !== undefined && isOtherProcess(previous, current);
  });
  const kept = before.filter(({ atMs }) => nowMs - atMs < RESTARTS_KEPT_MS);
  return [...kept, ...begun.map(({ replica }) => ({ replica, atMs: nowMs }))].slice(-MOST_RESTARTS);
}
