import type { Clock } from './time.ts';

export type Recent<T> = {
  readonly get: () => T;
  /** What is asked for next is made anew. */
  readonly forget: () => void;
};

/** What `make` gives, made anew once it is older than `ms`: however many ask, it costs no more. */
export function createRecent<T>(make: () => T, ms: number, clock: Pick<Clock, 'monotonic'>): Recent<T> {
  let made: { readonly value: T; readonly atMs: number } | undefined;
  return {
    get: () => {
      const nowMs = clock.monotonic();
      if (made === undefined || nowMs - made.atMs >= ms) {
        made = { value: make(), atMs: nowMs };
      }
      return made.value;
    },
    forget: () => {
      made = undefined;
    },
  };
}
