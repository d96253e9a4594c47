import { setImmediate as settled } from 'node:timers/promises';
import { type Clock, createClock } from '../../src/kit/time.ts';

type Waiting = { readonly atMs: number; readonly run: () => void };

export type FakeClock = Clock & {
  /**
   * Lets `ms` go by: runs what falls due in its order, each with all that follows from it before the next one. No real time
   * passes, so that only what waits for this clock, and for nothing outside the process, gets ahead.
   */
  readonly advance: (ms: number) => Promise<void>;
  /** Sets the wall clock `ms` ahead, or back: no time passes, and nothing falls due. */
  readonly jump: (ms: number) => void;
  /** How many wait: sleeps, deadlines and timeouts. */
  readonly waiting: () => number;
};

export function createFakeClock(startMs = Date.UTC(2026, 2, 1)): FakeClock {
  // Far from the wall clock's, so that nobody takes one for the other.
  let monotonicMs = 1_000;
  let aheadMs = startMs - monotonicMs;
  // In the order they came, which is also that of those that fall due together.
  const waiting = new Set<Waiting>();

  const next = (untilMs: number): Waiting | undefined => {
    let earliest: Waiting | undefined;
    for (const each of waiting) {
      if (each.atMs <= untilMs && (earliest === undefined || each.atMs < earliest.atMs)) {
        earliest = each;
      }
    }
    return earliest;
  };

  return {
    ...createClock({
      now: () => monotonicMs + aheadMs,
      monotonic: () => monotonicMs,
      after: (ms, run) => {
        const one = { atMs: monotonicMs + Math.max(0, ms), run };
        waiting.add(one);
        return () => void waiting.delete(one);
      },
    }),
    advance: async (ms) => {
      const untilMs = monotonicMs + ms;
      await settled();
      for (let due = next(untilMs); due !== undefined; due = next(untilMs)) {
        waiting.delete(due);
        monotonicMs = due.atMs;
        due.run();
        await settled();
      }
      monotonicMs = untilMs;
    },
    jump: (ms) => {
      aheadMs += ms;
    },
    waiting: () => waiting.size,
  };
}
