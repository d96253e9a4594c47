import { createTimeline, type Measurement } from '../../rollout/timeline.ts';
import { joinStored } from '../engine/measuring.ts';
import type { MeasurementStore } from '../engine/ports.ts';

type KnownMeasurementsParts = {
  readonly store: Pick<MeasurementStore, 'since'>;
  /** What this process measured lately, the oldest first. */
  readonly points: readonly Measurement[];
  readonly now: () => number;
};

export type KnownMeasurements = ReturnType<typeof createKnownMeasurements>;

/** What was measured: by this process, and by whoever was there before it. */
export function createKnownMeasurements({ store, points, now }: KnownMeasurementsParts) {
  const timeline = createTimeline();
  timeline.replace(points);
  let isLoaded = false;
  return {
    add: timeline.add,
    since: timeline.since,
    total: timeline.total,
    /** Whether what was measured before this controller began has been read. */
    isComplete: () => isLoaded,
    /** Reads what is stored, once. While the store is away, it is tried again with the next call. */
    load: async (): Promise<void> => {
      if (!isLoaded) {
        isLoaded = await joinStored(timeline, store, now()).then(
          () => true,
          () => false,
        );
      }
    },
  };
}
