import type { PathCounters, ReplicaReading } from './reading.ts';

/** Attempts on one path within a span of time. */
export type Counts = {
  readonly ok: number;
  readonly rejected: number;
  readonly error: number;
  readonly timed: number;
  readonly sumSeconds: number;
  readonly atMost: ReadonlyMap<number, number>;
};

export const NO_COUNTS: Counts = { ok: 0, rejected: 0, error: 0, timed: 0, sumSeconds: 0, atMost: new Map() };

export const attempts = ({ ok, rejected, error }: Counts): number => ok + rejected + error;

/** Only bounds that all of them have are kept: a bound that one lacks would take its quick attempts for slow ones. */
export function sumCounts(all: readonly Counts[]): Counts {
  const counted = all.filter((counts) => counts !== NO_COUNTS);
  if (counted.length <= 1) {
    return counted[0] ?? NO_COUNTS;
  }
  let [ok, rejected, error, timed, sumSeconds] = [0, 0, 0, 0, 0];
  let atMost: Map<number, number> | undefined;
  for (const counts of counted) {
    ok += counts.ok;
    rejected += counts.rejected;
    error += counts.error;
    timed += counts.timed;
    sumSeconds += counts.sumSeconds;
    if (counts.timed === 0) {
      continue;
    }
    if (atMost === undefined) {
      atMost = new Map(counts.atMost);
      continue;
    }
    for (const [bound, count] of atMost) {
      const more = counts.atMost.get(bound);
      if (more === undefined) {
        atMost.delete(bound);
      } else if (more !== 0) {
        atMost.set(bound, count + more);
      }
    }
  }
  return { ok, rejected, error, timed, sumSeconds, atMost: atMost ?? new Map() };
}

export const addCounts = (a: Counts, b: Counts): Counts => sumCounts([a, b]);

/** @returns the attempts that took longer than `seconds`; undefined where no bucket ends exactly there. */
export function slowerThan({ atMost, timed }: Counts, seconds: number): number | undefined {
  if (timed === 0) {
    return 0;
  }
  const within = atMost.get(seconds);
  // Buckets and count that were not read at one moment may disagree by a few.
  return within === undefined ? undefined : Math.min(Math.max(timed - within, 0), timed);
}

/**
 * Interpolated within its bucket, as PromQL's `histogram_quantile` does: above the last finite bound, that bound. In seconds;
 * undefined without samples, or without any finite bound.
 */
export function quantileSeconds({ atMost, timed }: Counts, quantile: number): number | undefined {
  if (timed === 0 || !Array.from(atMost.keys()).some(Number.isFinite)) {
    return undefined;
  }
  const rank = quantile * timed;
  let [lower, below] = [0, 0];
  for (const [bound, count] of Array.from(atMost).sort(([a], [b]) => a - b)) {
    if (count >= rank && count > below) {
      return Number.isFinite(bound) ? lower + (bound - lower) * ((rank - below) / (count - below)) : lower;
    }
    [lower, below] = Number.isFinite(bound) ? [bound, count] : [lower, below];
  }
  return lower;
}

/**
 * What a replica counted since its `previous` reading. Without one, everything counts where its process began at or after
 * `sinceMs`; of an older process nobody knows when its counts were made, so they are only where counting begins.
 */
export function countsSince(
  path: 'legacy' | 'domain',
  previous: ReplicaReading | undefined,
  current: ReplicaReading,
  sinceMs: number,
): Counts {
  const now = current[path];
  if (now === undefined) {
    return NO_COUNTS;
  }
  const before = previous?.[path];
  if (before === undefined) {
    return isYoungerThan(current, sinceMs) ? difference(now, undefined) : NO_COUNTS;
  }
  return difference(now, wasReset(previous as ReplicaReading, current, before, now) ? undefined : before);
}

/** As {@link countsSince}, for the consistency checks that found a difference. */
export const mismatchesSince = (previous: ReplicaReading | undefined, current: ReplicaReading, sinceMs: number) =>
  increaseSince('mismatches', previous, current, sinceMs);

/** As {@link countsSince}, for one number. @returns undefined where the replica does not report it. */
export function increaseSince(
  name: 'mismatches' | 'fallbacks' | 'cpuSeconds',
  previous: ReplicaReading | undefined,
  current: ReplicaReading,
  sinceMs: number,
): number | undefined {
  const now = current[name];
  if (now === undefined) {
    return undefined;
  }
  const before = previous?.[name];
  if (before === undefined) {
    // Of a process that does not say when it began, nobody knows whether what it counted is from before.
    return current.startedAtMs === undefined ? undefined : isYoungerThan(current, sinceMs) ? now : 0;
  }
  return now < before || isOtherProcess(previous as ReplicaReading, current) ? now : now - before;
}

const isYoungerThan = ({ startedAtMs }: ReplicaReading, sinceMs: number) =>
  startedAtMs !== undefined && startedAtMs >= sinceMs;

/** A reading that does not say when its process began is no sign of another one. */
export const isOtherProcess = (previous: ReplicaReading, current: ReplicaReading) =>
  previous.startedAtMs !== undefined &&
  current.startedAtMs !== undefined &&
  previous.startedAtMs !== current.startedAtMs;

function wasReset(previous: ReplicaReading, current: ReplicaReading, before: PathCounters, now: PathCounters): boolean {
  return (
    isOtherProcess(previous, current) ||
    now.ok < before.ok ||
    now.rejected < before.rejected ||
    now.error < before.error ||
    now.duration.count < before.duration.count
  );
}

function difference(now: PathCounters, before: PathCounters | undefined): Counts {
  const timed = now.duration.count - (before?.duration.count ?? 0);
  const all =
    now.ok + now.rejected + now.error - (before === undefined ? 0 : before.ok + before.rejected + before.error);
  if (timed === 0 && all === 0) {
    return NO_COUNTS;
  }
  const atMost = new Map<number, number>();
  for (const [bound, count] of now.duration.atMost) {
    const earlier = before === undefined ? 0 : before.duration.atMost.get(bound);
    // A bound that was not there before says nothing of what happened since.
    if (earlier !== undefined) {
      atMost.set(bound, count - earlier);
    }
  }
  return {
    ok: now.ok - (before?.ok ?? 0),
    rejected: now.rejected - (before?.rejected ?? 0),
    error: now.error - (before?.error ?? 0),
    timed,
    sumSeconds: now.duration.sumSeconds - (before?.duration.sumSeconds ?? 0),
    atMost,
  };
}
