import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { skipBecause } from '../../support/skip.ts';

const CANDIDATES: readonly (readonly [program: string, ...args: string[]])[] = [
  ['kustomize', 'build'],
  ['kubectl', 'kustomize'],
];

/** What builds an overlay: kustomize itself or the one in kubectl; KUSTOMIZE_BIN beats both. */
export async function findKustomize(): Promise<readonly [program: string, ...args: string[]]> {
  if (process.env.KUSTOMIZE_BIN) {
    return [process.env.KUSTOMIZE_BIN, 'build'];
  }
  for (const [name, ...args] of CANDIDATES) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const program = join(folder, name);
      if (await isProgram(program)) {
        return [program, ...args];
      }
    }
  }
  throw new Error('there is no kustomize and no kubectl: put one on PATH or set KUSTOMIZE_BIN');
}

const isProgram = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** For node:test's `skip`: false where overlays can be built. */
export const skipWithoutKustomize: string | false = await findKustomize().then(
  () => false as const,
  (error: Error) => skipBecause(error.message),
);
