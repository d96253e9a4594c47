import type { Percent } from '../kit/percent.ts';
import { addCounts, type Counts, countsSince, increaseSince, NO_COUNTS } from './counters.ts';
import type { ReplicaReading, SourceReading } from './reading.ts';

/** What both paths did within a span of time, over all replicas that reported it. */
export type Measurement = {
  /** Milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** What was wanted to be served meanwhile. */
  readonly percent: Percent;
  readonly domain: Counts;
  readonly legacy: Counts;
  readonly fallbacks: number;
  /** CPU time of all replicas; undefined where none reported it. */
  readonly cpuSeconds: number | undefined;
  /** The most memory that a replica had. */
  readonly residentBytes: number | undefined;
  /** The most replicas that answered. */
  readonly replicas: number;
};

/** From the finest: each span of time, and how long it is kept before it becomes part of the next coarser one. */
const LEVELS = [
  { spanMs: 2_000, keptMs: 10 * 60_000 },
  { spanMs: 30_000, keptMs: 6 * 3_600_000 },
  { spanMs: 300_000, keptMs: 8 * 24 * 3_600_000 },
] as const;

/** What one look at the replicas adds to the look before it. @returns undefined where it had no data, or was the first. */
export function measure(
  previous: ReadonlyMap<string, ReplicaReading>,
  reading: SourceReading,
  lastMs: number | undefined,
  { nowMs, percent }: { readonly nowMs: number; readonly percent: Percent },
): Measurement | undefined {
  if (reading.kind === 'failed' || reading.replicas.length === 0 || lastMs === undefined || nowMs <= lastMs) {
    return undefined;
  }
  const since = (name: 'fallbacks' | 'cpuSeconds', replica: ReplicaReading) =>
    increaseSince(name, previous.get(replica.replica), replica, lastMs);
  let measurement: Measurement = {
    fromMs: lastMs,
    untilMs: nowMs,
    percent,
    domain: NO_COUNTS,
    legacy: NO_COUNTS,
    fallbacks: 0,
    cpuSeconds: undefined,
    residentBytes: undefined,
    replicas: reading.replicas.length,
  };
  for (const replica of reading.replicas) {
    const before = previous.get(replica.replica);
    measurement = {
      ...measurement,
      domain: addCounts(measurement.domain, countsSince('domain', before, replica, lastMs)),
      legacy: addCounts(measurement.legacy, countsSince('legacy', before, replica, lastMs)),
      fallbacks: measurement.fallbacks + (since('fallbacks', replica) ?? 0),
      cpuSeconds: sumKnown(measurement.cpuSeconds, since('cpuSeconds', replica)),
      residentBytes: mostKnown(measurement.residentBytes, replica.residentBytes),
    };
  }
  return measurement;
}

export function join(older: Measurement, newer: Measurement): Measurement {
  return {
    fromMs: older.fromMs,
    untilMs: newer.untilMs,
    percent: newer.percent,
    domain: addCounts(older.domain, newer.domain),
    legacy: addCounts(older.legacy, newer.legacy),
    fallbacks: older.fallbacks + newer.fallbacks,
    cpuSeconds: sumKnown(older.cpuSeconds, newer.cpuSeconds),
    residentBytes: mostKnown(older.residentBytes, newer.residentBytes),
    replicas: Math.max(older.replicas, newer.replicas),
  };
}

/** Whether both are of one span of `spanMs`: what was served at another percent is never mixed in. */
export const belongTogether = (spanMs: number, older: Measurement, newer: Measurement): boolean =>
  older.percent === newer.percent && Math.floor(older.fromMs / spanMs) === Math.floor(newer.fromMs / spanMs);

/** Measurements of the last days, the newer the finer. What nobody measured is a gap, and stays one. */
export function createTimeline() {
  const levels: Measurement[][] = LEVELS.map(() => []);

  function addTo(level: number, measurement: Measurement): void {
    const points = levels[level] as Measurement[];
    const last = points.at(-1);
    const { spanMs, keptMs } = LEVELS[level] as (typeof LEVELS)[number];
    if (last !== undefined && belongTogether(spanMs, last, measurement)) {
      points[points.length - 1] = join(last, measurement);
      return;
    }
    points.push(measurement);
    while (points.length > 0 && measurement.untilMs - (points[0] as Measurement).untilMs > keptMs) {
      const oldest = points.shift() as Measurement;
      if (level + 1 < LEVELS.length) {
        addTo(level + 1, oldest);
      }
    }
  }

  const since = (fromMs: number): Measurement[] =>
    levels
      .toReversed()
      .flat()
      .filter(({ untilMs }) => untilMs > fromMs);

  return {
    add: (measurement: Measurement): void => addTo(0, measurement),
    /** Forgets all there was. @param measurements the oldest first. */
    replace: (measurements: readonly Measurement[]): void => {
      for (const points of levels) {
        points.length = 0;
      }
      for (const measurement of measurements) {
        addTo(0, measurement);
      }
    },
    /** The oldest first. */
    since,
    /** All of one percent since it was begun to be served; undefined where nothing was measured. */
    total: (fromMs: number, percent: Percent): Measurement | undefined =>
      since(fromMs)
        .filter((each) => each.percent === percent && each.fromMs >= fromMs - LEVELS[0].spanMs)
        .reduce<Measurement | undefined>((sum, each) => (sum === undefined ? each : join(sum, each)), undefined),
  };
}

const sumKnown = (a: number | undefined, b: number | undefined) => (b === undefined ? a : (a ?? 0) + b);
const mostKnown = (a: number | undefined, b: number | undefined) => (b === undefined ? a : Math.max(a ?? 0, b));
