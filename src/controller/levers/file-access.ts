import { randomUUID } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
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

export const temporaryBeside = (target: string): string =>
  join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);

/** What the file holds now; undefined where it is gone, null where its link leads elsewhere. */
export function readNow(file: string, target: string): string | undefined | null {
  try {
    return realpathSync(file) === target ? readFileSync(target, 'utf8') : null;
  } catch (error) {
    absentOrThrow(error, target);
    return undefined;
  }
}

/** What replaces a file of somebody else becomes ours, and flagd may be that somebody: then it could not read it any more. */
export async function isHiddenByReplacing(target: string): Promise<boolean> {
  const found = await stat(target).catch(() => undefined);
  const own = process.geteuid?.() ?? 0;
  return found !== undefined && own !== 0 && own !== found.uid && (found.mode & READABLE_BY_OTHERS) === 0;
}

const READABLE_BY_OTHERS = 0o004;

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

/** It can neither be replaced, for the first reason, nor written in place, for the second. */
export function joinedError(replacing: StoreError, inPlace: StoreError): StoreError {
  const kind = replacing.kind === 'refused' && inPlace.kind === 'refused' ? 'refused' : 'unreachable';
  return new StoreError(
    kind,
    `it can neither be replaced (${replacing.message}) nor written in place (${inPlace.message})`,
  );
}
