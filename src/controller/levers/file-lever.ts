import { randomUUID } from 'node:crypto';
import { constants, readFileSync, realpathSync, renameSync } from 'node:fs';
import { access, open, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseJson } from '../../flagd/json-text.ts';
import type { Clock } from '../../kit/time.ts';
import type { FlagLever } from '../engine/ports.ts';
import { brokenSuffix, type FlagStore, StoreError } from './store.ts';
import { createTextLever } from './text-lever.ts';

/** A file that is no JSON for longer is broken; for less, somebody is writing it in place. */
const WRITE_MS = 150;
const REREAD_MS = 15;

type Options = { readonly file: string; readonly flag: string; readonly clock: Clock };

/**
 * The flag in a file that flagd reads. Writes replace the file in one step, keep its mode, and follow symbolic links.
 *
 * Between the last look and the replacing there are some microseconds in which no file system reports somebody else's write.
 */
export function createFileLever({ file, flag, clock }: Options): FlagLever {
  return createTextLever({ name: 'file', where: file, flag, clock, store: createFileStore(file, clock) });
}

function createFileStore(file: string, clock: Clock): FlagStore {
  return {
    load: async (signal) => {
      const target = await realpath(file).catch((error) => absentOrThrow(error, file));
      const text = await readSettled(target, clock, signal);
      return {
        text,
        rehearse: async () => {
          await access(dirname(target), constants.W_OK).catch((error) => {
            throw asStoreError(error);
          });
        },
        save: async (next, keepOld) => {
          const mode = text === undefined ? 0o644 : (await stat(target)).mode & 0o7777;
          const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
          try {
            await writeSynced(temporary, next, mode, target);
            if (keepOld && text !== undefined) {
              await writeFile(`${target}.${brokenSuffix(clock.now())}`, text, { mode });
            }
            // Without a pause between the look and the replacing, no other task of this process comes in between.
            if (readNow(file, target) !== text) {
              return 'changed';
            }
            renameSync(temporary, target);
          } catch (error) {
            throw asStoreError(error);
          } finally {
            await rm(temporary, { force: true });
          }
          await syncFolder(dirname(target));
          return 'saved';
        },
      };
    },
  };
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

async function writeSynced(temporary: string, text: string, mode: number, like: string): Promise<void> {
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(text);
    // The mode of `open` is cut by the umask.
    await handle.chmod(mode);
    const owner = await stat(like).catch(() => undefined);
    if (owner !== undefined) {
      await handle.chown(owner.uid, owner.gid).catch(() => {});
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the file holds now; undefined where it is gone, null where its link leads elsewhere. */
function readNow(file: string, target: string): string | undefined | null {
  try {
    return realpathSync(file) === target ? readFileSync(target, 'utf8') : null;
  } catch (error) {
    absentOrThrow(error, target);
    return undefined;
  }
}

/** The rename is done; that it also survives a power cut is worth a try, which some file systems do not offer. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function absentOrThrow(error: unknown, path: string): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    return path;
  }
  throw asStoreError(error);
}

function asStoreError(error: unknown): StoreError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new StoreError(code === 'EACCES' || code === 'EROFS' || code === 'EPERM' ? 'refused' : 'unreachable', message);
}
