import { setTimeout as sleep } from 'node:timers/promises';
import type { Flags } from '../../support/system/flags.ts';

export type FlagBoard = {
  readonly set: (percent: number) => Promise<void>;
  readonly restart: (downMs: number) => Promise<void>;
};

/** Edits of the flags file, and restarts of its server, come one at a time. */
export function createFlagBoard(flags: Flags): FlagBoard {
  let editing: Promise<unknown> = Promise.resolve();
  let restarting: Promise<unknown> = Promise.resolve();
  return {
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
  };
}
