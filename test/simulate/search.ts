import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { createSummary } from './summary.ts';
import type { Found } from './worker.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');
/** Far more than a world takes on a busy machine. */
const WORLD_WITHIN_MS = 300_000;

export type Search = {
  readonly seed: number;
  readonly workers: number;
  /** Enough is simulated: in the order of the seeds, so that it does not matter who was quicker. */
  readonly hours: number;
  readonly seconds: number;
};

/**
 * Runs worlds from the seed on, until there are hours enough or the time is up, and ends at the first promise that is not kept. What
 * it says is of the worlds in their order, whichever process ran them. @returns the exit code.
 */
export async function search({ seed, workers, hours, seconds }: Search, say: (line: string) => void): Promise<number> {
  const summary = createSummary();
  const found = new Map<number, Found>();
  let nextSeed = seed;
  let nextInOrder = seed;
  const over = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => over.resolve(undefined), Math.min(seconds * 1_000, 2 ** 31 - 1));

  function takeIn(): void {
    for (let one = found.get(nextInOrder); one !== undefined; one = found.get(nextInOrder)) {
      found.delete(nextInOrder);
      nextInOrder += 1;
      summary.add(one);
      if (one.failure !== undefined || summary.hours() >= hours) {
        over.resolve(one.failure);
        return;
      }
    }
  }

  let isOver = false;
  const processes = Array.from({ length: workers }, (): ChildProcess => {
    const worker = fork(WORKER);
    let bound: NodeJS.Timeout | undefined;
    const next = () => {
      const asked = nextSeed++;
      worker.send(asked);
      bound = setTimeout(() => over.resolve(stuck(asked)), WORLD_WITHIN_MS).unref();
    };
    worker.on('message', (one: Found) => {
      clearTimeout(bound);
      if (!isOver) {
        found.set(one.seed, one);
        takeIn();
        next();
      }
    });
    worker.once('exit', (code) => over.reject(new Error(`A process that runs worlds ended with ${code}.`)));
    next();
    return worker;
  });
  try {
    const failure = (await over.promise) ?? (nextInOrder === seed ? stuck(seed) : undefined);
    isOver = true;
    if (failure !== undefined) {
      say(failure);
    }
    for (const line of summary.lines()) {
      say(line);
    }
    return failure === undefined ? 0 : 1;
  } finally {
    clearTimeout(timer);
    await Promise.all(processes.map(end));
  }
}

const stuck = (seed: number): string =>
  `STUCK: the world of seed ${seed} did not end within ${WORLD_WITHIN_MS / 1_000} s.\nRepeat it: npm run test:simulate -- --replay ${seed}`;

async function end(worker: ChildProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.removeAllListeners('exit');
  worker.once('exit', () => resolve());
  worker.kill('SIGKILL');
  await promise;
}
