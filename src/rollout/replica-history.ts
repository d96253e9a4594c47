import { isOtherProcess } from './counters.ts';
import type { ReplicaReading } from './reading.ts';

/** A breaker that was open in each sample of late. */
export type Opening = {
  /** For how long: what lies between samples far apart counts in part only. */
  readonly forMs: number;
  readonly seenMs: number;
  /** When it was last looked for. */
  readonly lookedMs: number;
};

export type Restart = {
  readonly replica: string;
  /** When it was seen. */
  readonly atMs: number;
  /** By the replica's own clock. */
  readonly startedAtMs: number;
};

/** A sample vouches for so long: between two a breaker may have closed after its probe, and opened again. */
const VOUCHED_MS = 5_000;
/** What two samples farther apart say does not add up; a sample of a Prometheus is used for 15 s. */
const LONGEST_GAP_MS = 15_500;
/** Kubernetes waits five minutes at most before it begins a container again: later, it is another pod at a used address. */
const LONGEST_ABSENCE_MS = 6 * 60_000;
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
      const gapMs = known === undefined ? Number.POSITIVE_INFINITY : atMs - known.seenMs;
      const isContinued = known !== undefined && gapMs >= 0 && gapMs <= LONGEST_GAP_MS;
      const forMs = isContinued ? known.forMs + Math.min(gapMs, VOUCHED_MS) : 0;
      after.set(replica, { forMs, seenMs: atMs, lookedMs: nowMs });
    }
  }
  return after;
}

/** Processes that have begun anew at an address that was there before. A replica at another address is another one. */
export function restartsAfter(
  before: readonly Restart[],
  last: ReadonlyMap<string, ReplicaReading>,
  replicas: readonly ReplicaReading[],
  nowMs: number,
): readonly Restart[] {
  const begun = replicas.flatMap((current): Restart[] =>
    isRestarted(last.get(current.replica), current)
      ? [{ replica: current.replica, atMs: nowMs, startedAtMs: current.startedAtMs as number }]
      : [],
  );
  const kept = before.filter(({ atMs }) => nowMs - atMs < RESTARTS_KEPT_MS);
  return [...kept, ...begun].slice(-MOST_RESTARTS);
}

function isRestarted(previous: ReplicaReading | undefined, current: ReplicaReading): boolean {
  return (
    previous !== undefined &&
    isOtherProcess(previous, current) &&
    (current.startedAtMs as number) > (previous.startedAtMs as number) &&
    current.atMs - previous.atMs <= LONGEST_ABSENCE_MS
  );
}
