import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration } from '../kit/format.ts';

/** Waits for what no event announces, and fails with `what` when it has not come in time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      throw new Error(`waited ${formatDuration(timeoutMs, 'en')} in vain: ${what}`);
    }
    await sleep(5);
  }
}
