import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const NEEDED = ['package.json', 'rollout.yaml', 'migrations', 'src', 'node_modules'];

export type Clone = AsyncDisposable & {
  readonly directory: string;
  /** The Node that runs these tests, by its path in the clone where it came with the packages. */
  readonly node: string;
};

/** What is needed to run Sluice, in a folder whose path has a space and letters beyond ASCII; hard links where the disk is the same. */
export async function makeClone({ openToOthers }: { readonly openToOthers: boolean }): Promise<Clone> {
  const outer = await mkdtemp(join(tmpdir(), 'sluice-clone-'));
  await chmod(outer, openToOthers ? 0o755 : 0o700);
  const directory = join(outer, 'Zoë’s clone 阀门');
  await mkdir(directory, { mode: 0o755 });
  for (const name of NEEDED) {
    const [from, to] = [join(ROOT, name), join(directory, name)];
    if (spawnSync('cp', ['-al', from, to]).status !== 0) {
      await rm(to, { recursive: true, force: true });
      const { status, stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' });
      if (status !== 0) {
        throw new Error(`cannot copy ${from}: ${stderr}`);
      }
    }
  }
  const inside = relative(ROOT, process.execPath);
  return {
    directory,
    node: inside.startsWith('..') ? process.execPath : join(directory, inside),
    [Symbol.asyncDispose]: () => rm(outer, { recursive: true, force: true }),
  };
}
