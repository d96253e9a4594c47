import type { Clock } from '../../kit/time.ts';

const REST_MS = 1_000;

/** The same, but for a second after it failed it fails at once: a database that hangs is waited for once, not by each reader. */
export function resting<A extends readonly unknown[], R>(
  call: (...given: A) => Promise<R>,
  clock: Pick<Clock, 'monotonic'>,
): (...given: A) => Promise<R> {
  let failed: { readonly atMs: number; readonly error: unknown } | undefined;
  return async (...given) => {
    if (failed !== undefined && clock.monotonic() - failed.atMs < REST_MS) {
      throw failed.error;
    }
    try {
      const result = await call(...given);
      failed = undefined;
      return result;
    } catch (error) {
      failed = { atMs: clock.monotonic(), error };
      throw error;
    }
  };
}
