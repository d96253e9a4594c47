import { type Clock, createClock } from '../../../src/kit/time.ts';

type Waiting = { readonly atMs: number; readonly order: number; readonly run: () => void; isOff: boolean };

/** A process's own clock: it can be set, and the process behind it frozen or ended. */
export type ProcessClock = Clock & {
  /** Sets its wall clock: so far ahead of the others', or behind them. */
  readonly set: (aheadMs: number) => void;
  /** Nothing of it runs until then. */
  readonly freeze: (untilMs: number) => void;
  /** Calls `run` right before its `step`-th step from now: between any two awaits, whatever is waited for. */
  readonly atStep: (step: number, run: () => void) => void;
  /** Whether it goes on, or will again without anybody's help. */
  readonly isFrozen: () => boolean;
  /** Nothing of it ever runs again. */
  readonly end: () => void;
};

/** One time for a whole world, and nothing but what waits for it moves the world on. */
export function createWorldClock(startMs: number) {
  const heap = createHeap();
  let nowMs = 0;
  let order = 0;
  let steps = 0;

  function after(ms: number, run: () => void): () => void {
    const one: Waiting = { atMs: nowMs + Math.max(0, ms), order: order++, run, isOff: false };
    heap.push(one);
    return () => {
      one.isOff = true;
    };
  }

  function process(): ProcessClock {
    let aheadMs = 0;
    let frozenUntilMs = 0;
    let isEnded = false;
    let coming: { left: number; readonly run: () => void } | undefined;
    const guarded = (run: () => void) => (): void => {
      if (nowMs < frozenUntilMs) {
        after(frozenUntilMs - nowMs, guarded(run));
        return;
      }
      if (coming !== undefined && --coming.left <= 0) {
        const { run: come } = coming;
        coming = undefined;
        come();
      }
      if (!isEnded) {
        run();
      }
    };
    const clock = createClock({
      now: () => Math.round(startMs + nowMs + aheadMs),
      monotonic: () => nowMs,
      after: (ms, run) => after(ms, guarded(run)),
    });
    return {
      ...clock,
      set: (ms) => {
        aheadMs = ms;
      },
      freeze: (untilMs) => {
        frozenUntilMs = untilMs;
      },
      isFrozen: () => nowMs < frozenUntilMs,
      atStep: (step, run) => {
        coming = { left: step, run };
      },
      end: () => {
        isEnded = true;
      },
    };
  }

  /** @returns whether there was something to run. */
  function runNext(untilMs: number): boolean {
    for (let next = heap.peek(); next !== undefined && next.atMs <= untilMs; next = heap.peek()) {
      heap.pop();
      if (!next.isOff) {
        nowMs = next.atMs;
        steps += 1;
        next.run();
        return true;
      }
    }
    return false;
  }

  return {
    now: () => nowMs,
    steps: () => steps,
    after,
    process,
    /** Runs all that falls due until then, each with all that follows from it. */
    advance: async (ms: number): Promise<void> => {
      const untilMs = nowMs + ms;
      await inTurns(() => runNext(untilMs));
      nowMs = untilMs;
    },
  };
}

export type WorldClock = ReturnType<typeof createWorldClock>;

const MANY = 64;

/**
 * Calls `step` until it says that nothing is left, each time after all that followed from the last one. Node empties the queue
 * of promises between two callbacks of one round, and a round costs more than a callback does: hence many to a round.
 */
function inTurns(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const once = (): void => {
      try {
        isOver ||= !step();
      } catch (error) {
        isOver = true;
        reject(error);
      }
    };
    const round = (): void => {
      if (isOver) {
        resolve();
        return;
      }
      for (let at = 0; at < MANY; at += 1) {
        setImmediate(once);
      }
      setImmediate(round);
    };
    setImmediate(round);
  });
}

const isBefore = (a: Waiting, b: Waiting) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** A binary heap: a world has thousands of timeouts that never fall due. */
function createHeap() {
  const items: Waiting[] = [];
  const swap = (a: number, b: number) => {
    const kept = items[a] as Waiting;
    items[a] = items[b] as Waiting;
    items[b] = kept;
  };
  const rise = (from: number) => {
    for (let at = from; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!isBefore(items[at] as Waiting, items[above] as Waiting)) {
        return;
      }
      swap(at, above);
      at = above;
    }
  };
  const sink = () => {
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      for (const below of [left, right]) {
        if (below < items.length && isBefore(items[below] as Waiting, items[least] as Waiting)) {
          least = below;
        }
      }
      if (least === at) {
        return;
      }
      swap(at, least);
      at = least;
    }
  };
  return {
    peek: (): Waiting | undefined => items[0],
    push: (one: Waiting): void => {
      items.push(one);
      rise(items.length - 1);
    },
    pop: (): void => {
      const last = items.pop();
      if (items.length > 0 && last !== undefined) {
        items[0] = last;
        sink();
      }
    },
  };
}
