import type { Clock } from '../../kit/time.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import { REMEMBERED_MS } from '../engine/confirmation.ts';
import type { SignalSource } from '../engine/ports.ts';

/**
 * A source whose replicas do not vanish: one that was seen within a minute, and that a name service or a query now leaves out, is
 * missing for so long. It may serve on; only its end, which nobody saw, would say that it does not.
 */
export function remembering(source: SignalSource, clock: Pick<Clock, 'monotonic'>): SignalSource {
  const seen = new Map<string, number>();
  return {
    ...source,
    read: async (signal) => {
      const reading = await source.read(signal);
      return reading.kind === 'failed' ? reading : withThoseLeftOut(reading, seen, clock.monotonic());
    },
  };
}

type Read = Extract<SourceReading, { kind: 'read' }>;

function withThoseLeftOut(reading: Read, seen: Map<string, number>, nowMs: number): Read {
  for (const { replica } of reading.replicas) {
    seen.set(replica, nowMs);
  }
  const answered = new Set([...reading.replicas, ...reading.missing].map(({ replica }) => replica));
  const leftOut: Read['missing'][number][] = [];
  for (const [replica, atMs] of seen) {
    if (nowMs - atMs >= REMEMBERED_MS) {
      seen.delete(replica);
    } else if (!answered.has(replica)) {
      const detail = `left out, and answered ${Math.round((nowMs - atMs) / 1_000)} s ago`;
      leftOut.push({ replica, why: 'left', detail });
    }
  }
  return leftOut.length === 0 ? reading : { ...reading, missing: [...reading.missing, ...leftOut] };
}
