import type { Logger } from 'pino';
import type { Clock } from '../../kit/time.ts';

/** What runs beside the decisions, until it is stopped. */
export function createTasks(clock: Clock, log: Pick<Logger, 'error'>) {
  const ending = new AbortController();
  const running = new Set<Promise<void>>();

  function run(work: Promise<void>): void {
    const guarded = work.catch((error) => log.error({ err: error }, 'unexpected error in the control loop'));
    running.add(guarded);
    void guarded.finally(() => running.delete(guarded));
  }

  async function repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    while (!ending.signal.aborted) {
      const beganAtMs = clock.monotonic();
      try {
        await work();
      } catch (error) {
        log.error({ err: error }, 'unexpected error in the control loop');
      }
      await clock.sleep(Math.max(0, everyMs - (clock.monotonic() - beganAtMs)), ending.signal);
    }
  }

  return {
    stop: ending.signal,
    run,
    /** Again and again, `everyMs` after it began; a slow one is not doubled. */
    every: (everyMs: number, work: () => Promise<void>): void => run(repeat(everyMs, work)),
    end: async (): Promise<void> => {
      ending.abort();
      await Promise.all(running);
    },
  };
}
