import type { Clock } from '../../kit/time.ts';
import { isComingOrGoing, type Missing, type SourceReading } from '../../rollout/reading.ts';
import type { SignalSource } from '../engine/ports.ts';

/** What a process needs to start, or a name service and Prometheus to notice that one has ended. */
const TOLERATED_MS = 30_000;
/** Of an address that nobody names any more. */
const FORGOTTEN_MS = 10 * 60_000;

type Known = { readonly answeredMs: number | undefined; readonly firstMissedMs: number; readonly namedMs: number };
type Read = Extract<SourceReading, { kind: 'read' }>;

/**
 * Says of a replica that is missing whether it just begins or just ended. One that is new may be silent for a while in whatever
 * way; one that has answered may only refuse connections, as where no process is: one that hangs is missing at once.
 * A replica that was missing at the first look is not new, and where more have gone than answer it is the way to them that has.
 */
export function toleratingChurn(source: SignalSource, clock: Pick<Clock, 'monotonic'>): SignalSource {
  let known: ReadonlyMap<string, Known> | undefined;
  return {
    ...source,
    read: async (signal) => {
      const reading = await source.read(signal);
      if (reading.kind === 'failed') {
        return reading;
      }
      const nowMs = clock.monotonic();
      const before = known;
      known = remembered(before, reading, nowMs);
      return before === undefined || reading.missing.length === 0
        ? reading
        : { ...reading, missing: withChurn(reading, before, nowMs) };
    },
  };
}

function remembered(before: ReadonlyMap<string, Known> | undefined, { replicas, missing }: Read, nowMs: number) {
  const isFirst = before === undefined;
  const after = new Map(Array.from(before ?? []).filter(([, { namedMs }]) => nowMs - namedMs < FORGOTTEN_MS));
  for (const { replica } of replicas) {
    after.set(replica, { answeredMs: nowMs, firstMissedMs: nowMs, namedMs: nowMs });
  }
  for (const { replica } of missing) {
    const { answeredMs, firstMissedMs } = after.get(replica) ?? {
      answeredMs: undefined,
      firstMissedMs: isFirst ? Number.NEGATIVE_INFINITY : nowMs,
    };
    after.set(replica, { answeredMs, firstMissedMs, namedMs: nowMs });
  }
  return after;
}

function withChurn({ replicas, missing }: Read, before: ReadonlyMap<string, Known>, nowMs: number): readonly Missing[] {
  const renamed = missing.map((each) => named(each, before, nowMs));
  const ending = renamed.filter(({ why }) => why === 'ending').length;
  return ending <= replicas.length
    ? renamed
    : renamed.map((each, at) => (each.why === 'ending' ? (missing[at] as Missing) : each));
}

function named(missing: Missing, before: ReadonlyMap<string, Known>, nowMs: number): Missing {
  const { replica, why, ofSeveral } = missing;
  if (ofSeveral || isComingOrGoing(why)) {
    return missing;
  }
  const known = before.get(replica);
  if (known?.answeredMs === undefined) {
    return nowMs - (known?.firstMissedMs ?? nowMs) < TOLERATED_MS ? { ...missing, why: 'starting' } : missing;
  }
  return why === 'unreachable' && nowMs - known.answeredMs < TOLERATED_MS ? { ...missing, why: 'ending' } : missing;
}
