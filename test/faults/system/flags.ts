import { setTimeout as sleep } from 'node:timers/promises';
import { type Flags, startFlags } from '../../e2e/support/flags.ts';

export type FlagBoard = AsyncDisposable & {
  readonly file: string;
  readonly env: Flags['env'];
  readonly set: (percent: number) => Promise<void>;
  readonly restart: (downMs: number) => Promise<void>;
};

/** The flags file and its server; edits and restarts come one at a time. */
export async function startFlagBoard(directory: string): Promise<FlagBoard> {
  const flags = await startFlags(directory);
  let editing: Promise<unknown> = Promise.resolve();
  let restarting: Promise<unknown> = Promise.resolve();
  return {
    file: flags.file,
    env: flags.env,
    set: (percent) => {
      const done = editing.then(() => flags.set(percent));
      editing = done.catch(() => {});
      return done;
    },
    restart: (downMs) => {
      const done = restarting.then(async () => {
        await flags.stop();
        await sleep(downMs);
        await flags.restart();
      });
      restarting = done.catch(() => {});
      return done;
    },
    [Symbol.asyncDispose]: () => flags[Symbol.asyncDispose](),
  };
}
