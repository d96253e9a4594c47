import { formatDuration } from './format.ts';

/** What a deadline ends an attempt with. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';

  constructor(ms: number) {
    super(`no answer within ${formatDuration(ms, 'en')}`);
  }
}

/** For work that is left alone once it is late. */
export function ignoreLate(error: unknown): void {
  if (!(error instanceof TimedOut)) {
    throw error;
  }
}

/** Clock knows the time and waits for it. Whatever is given one can be run in no time by a fake one. */
export type Clock = {
  /** Milliseconds since 1970. The machine's clock may be set, also back. */
  readonly now: () => number;
  /** Milliseconds since some moment, for durations: it never goes back. */
  readonly monotonic: () => number;
  /** Waits, or until `signal` is aborted; never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** A signal to pass on, aborted with TimedOut after `ms`. It keeps no process alive. */
  readonly timeout: (ms: number) => AbortSignal;
  /**
   * Runs `work` for at most `ms`, and not beyond `signal`: then its own signal is aborted, and the caller hears TimedOut, or
   * why `signal` was aborted, at once, whatever `work` does. Once it has returned, its signal stays as it is.
   */
  readonly within: <T>(ms: number, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) => Promise<T>;
};

type Ticks = Pick<Clock, 'now' | 'monotonic'> & {
  /** Calls `run` after `ms`. Only while `isAwaited` does it keep the process alive. @returns what calls it off. */
  readonly after: (ms: number, run: () => void, isAwaited: boolean) => () => void;
};

/** Everything that takes time, over the three things that machines differ in. */
export function createClock({ now, monotonic, after }: Ticks): Clock {
  return {
    now,
    monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const end = () => {
          callOff();
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const callOff = after(ms, end, true);
        signal?.addEventListener('abort', end);
        if (signal?.aborted) {
          end();
        }
      }),
    timeout: (ms) => {
      const ending = new AbortController();
      after(ms, () => ending.abort(new TimedOut(ms)), false);
      return ending.signal;
    },
    within: (ms, work, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const ending = new AbortController();
        const end = () => {
          callOff();
          signal?.removeEventListener('abort', onAbort);
        };
        const giveUp = (reason: unknown) => {
          end();
          reject(reason);
          ending.abort(reason);
        };
        const onAbort = () => giveUp(signal?.reason);
        const callOff = after(ms, () => giveUp(new TimedOut(ms)), true);
        signal?.addEventListener('abort', onAbort);
        work(ending.signal).then(
          (value) => {
            end();
            resolve(value);
          },
          (error: unknown) => {
            end();
            reject(error);
          },
        );
      }),
  };
}

export const systemClock: Clock = createClock({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, run, isAwaited) => {
    const timer = setTimeout(run, ms);
    if (!isAwaited) {
      timer.unref();
    }
    return () => clearTimeout(timer);
  },
});

/** One at a time, in the order of their calls. */
export function createQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
}

/** One run of `work` at a time: whoever asks while it is under way shares it. */
export function createShared<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= work().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
