import { renameSync } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  asStoreError,
  type FileChange,
  isHiddenByReplacing,
  joinedError,
  readNow,
  temporaryBeside,
} from './file-access.ts';
import { writeInPlace } from './file-in-place.ts';

/**
 * Writes a file while it still holds what was read: replaced in one step, or in place where it cannot be replaced (it is a mount
 * point, its folder cannot be written, the disk is full) or would be hidden. @throws StoreError with both reasons where neither works.
 */
export async function writeFileChange(change: FileChange): Promise<'saved' | 'changed'> {
  const { before, target } = change;
  if (before === undefined) {
    return replaceFile(change).catch((error) => {
      throw asStoreError(error);
    });
  }
  if (await isHiddenByReplacing(target)) {
    try {
      return writeInPlace(change, before);
    } catch {
      // What replaces it keeps its group at least.
    }
  }
  try {
    return await replaceFile(change);
  } catch (error) {
    try {
      return writeInPlace(change, before);
    } catch (inPlace) {
      throw joinedError(asStoreError(error), asStoreError(inPlace));
    }
  }
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

async function writeSynced(temporary: string, text: string, like: string): Promise<void> {
  const owner = await stat(like).catch(() => undefined);
  const mode = owner === undefined ? 0o644 : owner.mode & 0o7777;
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(text);
    // The mode of `open` is cut by the umask.
    await handle.chmod(mode);
    if (owner !== undefined) {
      const own = process.geteuid?.() ?? owner.uid;
      await handle
        .chown(owner.uid, owner.gid)
        .catch(() => handle.chown(own, owner.gid))
        .catch(() => {});
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The rename is done; that it also survives a power cut is worth a try, which some file systems do not offer. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
