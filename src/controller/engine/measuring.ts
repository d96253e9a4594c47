import type { Logger } from 'pino';
import type { Percent } from '../../kit/percent.ts';
import type { ReplicaReading, SourceReading } from '../../rollout/reading.ts';
import { belongTogether, createTimeline, join, type Measurement, measure } from '../../rollout/timeline.ts';
import { createListeners } from './listeners.ts';
import type { MeasurementStore } from './ports.ts';

type MeasuringParts = { readonly store: MeasurementStore; readonly log: Logger; readonly now: () => number };

/** How fine it is shown while it happens, and how fine it is stored. */
const POINT_MS = 2_000;
const STORED_MS = 30_000;
const LOADED_MS = 48 * 3_600_000;
const KEPT_MS = 30 * 24 * 3_600_000;
const FORGET_EVERY_MS = 3_600_000;
/** Two hours of a database that is away. */
const MOST_WAITING = 240;

/** Joins looks at the replicas to points, as fine as they are shown. @param onPoint one is over. */
function createPoints(onPoint: (point: Measurement) => void) {
  let seen: ReadonlyMap<string, ReplicaReading> = new Map();
  let lastMs: number | undefined;
  let point: Measurement | undefined;

  function close(): void {
    const closed = point;
    point = undefined;
    if (closed !== undefined) {
      onPoint(closed);
    }
  }

  function take(reading: SourceReading, percent: Percent, nowMs: number): void {
    if (reading.kind === 'failed') {
      close();
      lastMs = undefined;
      return;
    }
    const measured = measure(seen, reading, lastMs, { nowMs, percent });
    seen = new Map(reading.replicas.map((replica) => [replica.replica, replica]));
    lastMs = nowMs;
    if (measured === undefined) {
      return;
    }
    if (point !== undefined && !belongTogether(POINT_MS, point, measured)) {
      close();
    }
    point = point === undefined ? measured : join(point, measured);
  }

  return { take, close, open: (): Measurement | undefined => point };
}

/** Turns looks at the replicas into a history of both paths, that survives a restart. It never holds up a decision. */
export function createMeasuring({ store, log, now }: MeasuringParts) {
  const timeline = createTimeline();
  const listeners = createListeners<Measurement>();
  const points = createPoints(addPoint);
  let span: Measurement | undefined;
  let waiting: Measurement[] = [];
  let isLoaded = false;
  let forgotAtMs = 0;

  function addPoint(closed: Measurement): void {
    timeline.add(closed);
    listeners.hear(closed);
    if (span !== undefined && !belongTogether(STORED_MS, span, closed)) {
      waiting = [...waiting.slice(1 - MOST_WAITING), span];
      span = undefined;
    }
    span = joined(span, closed);
  }

  async function keep(isLeader: boolean): Promise<void> {
    if (!isLoaded) {
      await joinStored(timeline, store, now());
      isLoaded = true;
    }
    if (!isLeader) {
      // Whoever leads writes the same.
      waiting = [];
      return;
    }
    const batch = waiting;
    if (batch.length > 0) {
      await store.append(batch);
      waiting = waiting.filter((each) => !batch.includes(each));
    }
    if (now() - forgotAtMs > FORGET_EVERY_MS) {
      await store.forgetBefore(now() - KEPT_MS);
      forgotAtMs = now();
    }
  }

  return {
    take: points.take,
    /** Reads and writes what is due. While the store is away, it waits for the next time. */
    keep: (isLeader: boolean): Promise<void> =>
      keep(isLeader).catch(({ message }) => log.debug({ error: message }, 'measurements wait for the store')),
    /** What is under way is stored as far as it is. */
    close: async (isLeader: boolean): Promise<void> => {
      points.close();
      waiting = span === undefined ? waiting : [...waiting, span];
      span = undefined;
      await keep(isLeader).catch(() => {});
    },
    since: timeline.since,
    total: (fromMs: number, percent: Percent): Measurement | undefined => {
      const open = points.open();
      return joined(timeline.total(fromMs, percent), open?.percent === percent ? open : undefined);
    },
    listen: listeners.listen,
  };
}

const joined = (a: Measurement | undefined, b: Measurement | undefined): Measurement | undefined =>
  a === undefined || b === undefined ? (a ?? b) : join(a, b);

export type Measuring = ReturnType<typeof createMeasuring>;

/** Puts what is stored before what was measured since: that is newer than all of it. */
export async function joinStored(
  timeline: ReturnType<typeof createTimeline>,
  store: Pick<MeasurementStore, 'since'>,
  nowMs: number,
): Promise<void> {
  const stored = await store.since(nowMs - LOADED_MS);
  const own = timeline.since(0);
  const first = own[0]?.fromMs ?? Number.POSITIVE_INFINITY;
  timeline.replace([...stored.filter(({ untilMs }) => untilMs <= first), ...own]);
}
