import { readFile, realpath, stat } from 'node:fs/promises';
import { parseJson } from '../../flagd/json-text.ts';
import type { Clock } from '../../kit/time.ts';
import type { FlagLever } from '../engine/ports.ts';
import { absentOrThrow } from './file-access.ts';
import { keepBroken, keepGood, keptGood } from './file-kept.ts';
import { wayToWrite } from './file-ways.ts';
import { writeFileChange } from './file-write.ts';
import { type FlagStore, type SpareFlags, StoreError } from './store.ts';
import { createTextLever } from './text-lever.ts';

/** A file that is no JSON for longer is broken; for less, somebody is writing it in place. */
const WRITE_MS = 150;
const REREAD_MS = 15;

type FileLeverSettings = {
  readonly file: string;
  readonly flag: string;
  readonly clock: Clock;
  readonly spare?: SpareFlags | undefined;
};

/**
 * The flag in a file that flagd reads. Writes replace the file in one step, keep its mode, and follow symbolic links; a file that
 * cannot be replaced is written in place.
 *
 * Between the last look and the writing there are some microseconds in which no file system reports somebody else's write.
 */
export function createFileLever({ file, flag, clock, spare }: FileLeverSettings): FlagLever {
  return createTextLever({ name: 'file', where: file, flag, clock, spare, store: createFileStore(file, clock) });
}

function createFileStore(file: string, clock: Clock): FlagStore {
  return {
    load: async (signal) => {
      const target = await realpath(file).catch((error) => absentOrThrow(error, file));
      await refuseUnlinked(target);
      const text = await readSettled(target, clock, signal);
      return {
        text,
        rehearse: (change) => wayToWrite(target, text !== undefined, change.text ?? ''),
        save: async ({ text: next, keepsOld }) => {
          if (next === undefined) {
            return 'saved';
          }
          if (keepsOld && text !== undefined) {
            await keepBroken(target, text, clock.now());
          }
          return writeFileChange({ file, target, before: text, next });
        },
        kept: () => keptGood(target),
        keep: (good) => keepGood(target, good),
      };
    },
  };
}

/**
 * A file that is mounted alone stays what it was when the one outside is replaced by another: flagd may read the new one, and nobody
 * what is written here. @throws StoreError.
 */
async function refuseUnlinked(target: string): Promise<void> {
  const unlinked = async () => {
    const found = await stat(target).catch(() => undefined);
    return found?.nlink === 0 ? found.ino : undefined;
  };
  const first = await unlinked();
  // A look in the moment of a replacing may meet the old file, of which the next one sees nothing.
  if (first !== undefined && first === (await unlinked())) {
    throw new StoreError(
      'refused',
      'the file that is mounted here was replaced or deleted outside, so that flagd may read another one. Mount its folder, or restart the controller.',
    );
  }
}

async function readSettled(target: string, clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  const deadline = clock.monotonic() + WRITE_MS;
  for (;;) {
    const bytes = await readFile(target).catch((error) => {
      absentOrThrow(error, target);
      return undefined;
    });
    const text = bytes?.toString('utf8');
    if (bytes !== undefined && !Buffer.from(text as string).equals(bytes)) {
      throw new StoreError('refused', 'the file is not UTF-8, so that writing it would change it. Save it as UTF-8.');
    }
    const isWhole = text !== undefined && parseJson(text).kind === 'json';
    if (isWhole || clock.monotonic() >= deadline) {
      return text;
    }
    await clock.sleep(REREAD_MS, signal);
    signal.throwIfAborted();
  }
}
