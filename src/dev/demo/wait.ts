import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusAnswer } from '../../contract/schemas.ts';
import { formatDuration } from '../../contract/wording/format.ts';
import { RefusedError, type RunningController } from './parts.ts';

const LOOK_EVERY_MS = 50;

export type WaitOptions = {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onLook?: (status: StatusAnswer) => void;
  /** Why it cannot come any more; undefined while it can. */
  readonly inVain?: (status: StatusAnswer) => string | undefined;
};

/** Looks at the controller's status until the condition holds. */
export async function untilStatus(
  controller: RunningController,
  what: string,
  condition: (status: StatusAnswer) => boolean,
  { timeoutMs, signal, onLook = () => {}, inVain = () => undefined }: WaitOptions,
): Promise<StatusAnswer> {
  return until(timeoutMs, signal, async () => {
    let status: StatusAnswer;
    try {
      status = await controller.status();
    } catch (error) {
      return { missing: `${what}. The controller's status cannot be read: ${(error as Error).message}` };
    }
    onLook(status);
    const why = inVain(status);
    if (why !== undefined) {
      throw new Error(why);
    }
    if (condition(status)) {
      return { found: status };
    }
    const holding = status.holding ?? status.controller.noRaise ?? 'nothing';
    return { missing: `${what}. The rollout is ${status.state.phrase}; holding: ${holding}` };
  });
}

export const untilMayStart = (controller: RunningController, wait: WaitOptions): Promise<StatusAnswer> =>
  untilStatus(
    controller,
    'the controller leads and knows what every replica serves',
    (status) => status.controller.leading && status.controller.noRaise === null,
    wait,
  );

/** Starts the rollout as soon as the controller lets it be: what it allows at one look may be refused a moment later. */
export async function startRollout(controller: RunningController, wait: WaitOptions): Promise<void> {
  await until(wait.timeoutMs, wait.signal, async () => {
    await untilMayStart(controller, wait);
    try {
      await controller.start();
      return { found: true };
    } catch (error) {
      if (error instanceof RefusedError) {
        return { missing: `a start that is not refused: ${error.message}` };
      }
      throw error;
    }
  });
}

type Look<T> = { readonly found: T } | { readonly missing: string };

/** @throws with what was missing at the last look. */
export async function until<T>(timeoutMs: number, signal: AbortSignal, look: () => Promise<Look<T>>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if ('found' in seen) {
      return seen.found;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${formatDuration(timeoutMs, 'en')} in vain for: ${seen.missing}.`);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
