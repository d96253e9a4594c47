import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreError } from './store.ts';

export type FileChange = {
  /** As people name it, and where its links lead. */
  readonly file: string;
  readonly target: string;
  /** What was read; undefined where there was nothing. */
  readonly before: string | undefined;
  readonly next: string;
};

/**
 * Writes a file while it still holds what was read: replaced in one step, or in place where it cannot be replaced (it is a mount
 * point, its folder cannot be written, the disk is full). @throws StoreError with both reasons where neither works.
 */
export async function writeFileChange(change: FileChange): Promise<'saved' | 'changed'> {
  try {
    return await replaceFile(change);
  } catch (error) {
    if (change.before === undefined) {
      throw asStoreError(error);
    }
    try {
      return writeInPlace(change, change.before);
    } catch (inPlace) {
      throw joinedError(asStoreError(error), asStoreError(inPlace));
    }
  }
}

/** It can neither be replaced, for the first reason, nor written in place, for the second. */
export function joinedError(replacing: StoreError, inPlace: StoreError): StoreError {
  const kind = replacing.kind === 'refused' && inPlace.kind === 'refused' ? 'refused' : 'unreachable';
  return new StoreError(
    kind,
    `it can neither be replaced (${replacing.message}) nor written in place (${inPlace.message})`,
  );
}

const replaceFile = ({ file, target, before, next }: FileChange) =>
  putFile(target, next, target, () => readNow(file, target) === before);

/** Puts a text in the place of a file, with the mode and owner of `like`. @throws whatever keeps that out. */
export async function putFile(
  target: string,
  text: string,
  like: string,
  isStill: () => boolean,
): Promise<'saved' | 'changed'> {
  const temporary = temporaryBeside(target);
  try {
    await writeSynced(temporary, text, like);
    // Without a pause between the look and the replacing, no other task of this process comes in between.
    if (!isStill()) {
      return 'changed';
    }
    renameSync(temporary, target);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
  await syncFolder(dirname(target));
  return 'saved';
}

export const temporaryBeside = (target: string): string =>
  join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);

type Step = { readonly write: Buffer; readonly at: number } | { readonly cutTo: number };

/**
 * How a text takes the place of another within one file. After each step the file is whole JSON, as blanks after it are nothing:
 * room is made first, one write brings the text, and what is left over is cut off as blanks. Who reads during that one write may
 * still get some of each; flagd refuses that, keeps what it had, and reads again with the next event.
 */
export function inPlaceSteps(before: string, next: string): readonly Step[] {
  const text = Buffer.from(next);
  const more = text.length - Buffer.byteLength(before);
  const blanks = Buffer.alloc(Math.abs(more), ' ');
  return more > 0
    ? [
        { write: blanks, at: text.length - more },
        { write: text, at: 0 },
      ]
    : [{ write: Buffer.concat([text, blanks]), at: 0 }, { cutTo: text.length }];
}

function writeInPlace({ file, target, next }: FileChange, before: string): 'saved' | 'changed' {
  const descriptor = openSync(target, 'r+');
  try {
    if (readNow(file, target) !== before) {
      return 'changed';
    }
    for (const step of inPlaceSteps(before, next)) {
      if ('write' in step) {
        writeAll(descriptor, step.write, step.at);
      } else {
        ftruncateSync(descriptor, step.cutTo);
      }
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  // Another process that wrote in the same microseconds is seen here.
  return readNow(file, target) === next ? 'saved' : 'changed';
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
}

async function writeSynced(temporary: string, text: string, like: string): Promise<void> {
  const owner = await stat(like).catch(() => undefined);
  const mode = owner === undefined ? 0o644 : owner.mode & 0o7777;
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(text);
    // The mode of `open` is cut by the umask.
    await handle.chmod(mode);
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

export function absentOrThrow(error: unknown, path: string): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    return path;
  }
  throw asStoreError(error);
}

const REFUSALS = ['EACCES', 'EROFS', 'EPERM', 'EBUSY', 'EXDEV'];

export function asStoreError(error: unknown): StoreError {
  const { code, message } = error as NodeJS.ErrnoException;
  return error instanceof StoreError
    ? error
    : new StoreError(REFUSALS.includes(code ?? '') ? 'refused' : 'unreachable', message);
}
