/** What a deadline ends an attempt with. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';

  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/**
 * Runs `work` for at most `ms`: then its signal is aborted, and the caller hears TimedOut at once, whatever `work` does. Once it
 * has returned, its signal stays as it is: nothing is left to end.
 */
export function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const ending = new AbortController();
    const timer = setTimeout(() => {
      const timedOut = new TimedOut(ms);
      reject(timedOut);
      ending.abort(timedOut);
    }, ms);
    work(ending.signal).then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
