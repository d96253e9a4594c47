import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asStoreError, isHiddenByReplacing, joinedError, temporaryBeside } from './file-access.ts';
import { StoreError } from './store.ts';

const STICKY = 0o1000;

/**
 * How a file could be written now. Tried with a file beside it and by opening it, as rights alone do not say it all: disks are full,
 * quotas end, file systems become read-only. @throws StoreError where neither way is open.
 */
export async function wayToWrite(target: string, exists: boolean, text: string): Promise<'replace' | 'in-place'> {
  const closed = await whyNotReplaced(target, exists, text);
  if (!exists) {
    if (closed !== undefined) {
      throw closed;
    }
    return 'replace';
  }
  if (closed === undefined && !(await isHiddenByReplacing(target))) {
    return 'replace';
  }
  try {
    await (await open(target, 'r+')).close();
    return 'in-place';
  } catch (error) {
    if (closed === undefined) {
      return 'replace';
    }
    throw joinedError(closed, asStoreError(error));
  }
}

async function whyNotReplaced(target: string, exists: boolean, text: string): Promise<StoreError | undefined> {
  const temporary = temporaryBeside(target);
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    return exists ? await whyNotRenamedOver(target) : undefined;
  } catch (error) {
    return asStoreError(error);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

async function whyNotRenamedOver(target: string): Promise<StoreError | undefined> {
  const folder = dirname(target);
  const [file, around] = await Promise.all([stat(target), stat(folder)]);
  if (file.dev !== around.dev || (await mountPoints()).includes(target)) {
    return new StoreError('refused', `${target} is a mount point`);
  }
  const own = process.geteuid?.();
  const isOthers = own !== undefined && own !== 0 && own !== file.uid && own !== around.uid;
  return isOthers && (around.mode & STICKY) !== 0
    ? new StoreError('refused', `${folder} is sticky and ${target} belongs to another user`)
    : undefined;
}

/** As the kernel lists them (proc(5)); a file that is mounted from the same disk is known only so. None on other systems. */
async function mountPoints(): Promise<string[]> {
  const list = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return list.split('\n').map((line) => unescaped(line.split(' ')[4] ?? ''));
}

const unescaped = (field: string): string =>
  field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
