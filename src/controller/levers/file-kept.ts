import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { brokenSuffix, isBrokenCopy } from '../../flagd/broken-copy.ts';
import { asStoreError } from './file-access.ts';
import { putFile } from './file-write.ts';

const MOST_BROKEN = 5;

const goodBeside = (target: string): string => `${target}.last-good`;

export const keptGood = (target: string): Promise<string | undefined> =>
  readFile(goodBeside(target), 'utf8').catch(() => undefined);

/** @throws StoreError where there is no room for it. */
export async function keepGood(target: string, text: string): Promise<void> {
  try {
    await putFile(goodBeside(target), text, target, () => true);
  } catch (error) {
    throw asStoreError(error);
  }
}

/** Keeps a broken text beside, and the newest few of those before. Where that fails the rollback goes on without. */
export async function keepBroken(target: string, text: string, atMs: number): Promise<void> {
  try {
    await writeFile(`${target}.${brokenSuffix(atMs)}`, text);
    const folder = dirname(target);
    const ours = (await readdir(folder)).filter(
      (name) => name.startsWith(`${basename(target)}.`) && isBrokenCopy(name),
    );
    for (const name of ours.sort().slice(0, -MOST_BROKEN)) {
      await rm(join(folder, name), { force: true });
    }
  } catch {}
}
