import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { migrateDatabase } from '../../../src/contract/schema-of-database.ts';
import { freePort } from '../../../src/dev/embedded/flagd.ts';
import { startEmbeddedPostgres } from '../../../src/dev/embedded/postgres.ts';
import { execute, withDatabase } from '../../support/database.ts';
import type { StepOf } from '../schedule/schedule.ts';

/** Small, and without fsync: only the server is stopped here, never the machine. */
const SETTINGS = ['fsync=off', 'shared_buffers=32MB', 'max_connections=100', 'max_wal_size=64MB'];
const NAME = 'faults';
/** As pg_ctl's modes do: fast disconnects everybody and ends in order, immediate ends as a crash does. */
const SIGNAL_OF_MODE = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

export type Database = AsyncDisposable & {
  readonly url: string;
  /** For the suite itself: it waits for a restart under way, and is never in the way of one. */
  readonly query: <T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<T[]>;
  /** Stops the server, and starts it on the same port and data. */
  readonly restart: (how: Pick<StepOf<'database-restart'>, 'mode' | 'downMs'>) => Promise<void>;
};

export async function startDatabase(directory: string): Promise<Database> {
  const port = await freePort();
  const start = () =>
    startEmbeddedPostgres(
      directory,
      port,
      SETTINGS.flatMap((setting) => ['-c', setting]),
    );
  await using starting = new AsyncDisposableStack();
  let server = await start();
  starting.defer(() => server.stop());
  await execute(server.url, `CREATE DATABASE ${NAME}`);
  const url = withDatabase(server.url, NAME);
  await migrateDatabase(url, () => {});
  const pool = new pg.Pool({ connectionString: url, max: 3, application_name: 'fault-suite' });
  // A connection that the server ends is nothing to report, also when that is after the pool has let go of it.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  starting.defer(() => pool.end());
  const asked = new Set<Promise<unknown>>();
  let restarting: Promise<void> = Promise.resolve();
  async function restart({ mode, downMs }: Parameters<Database['restart']>[0]): Promise<void> {
    await Promise.allSettled(asked);
    const [pid] = (await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), SIGNAL_OF_MODE[mode]);
    await server.stop();
    await sleep(downMs);
    server = await start();
  }
  const owned = starting.move();
  return {
    url,
    query: async <T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) => {
      await restarting;
      const answer = pool.query<T>(sql, [...values]);
      asked.add(answer);
      try {
        return (await answer).rows;
      } finally {
        asked.delete(answer);
      }
    },
    restart: (how) => {
      restarting = restart(how);
      return restarting;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
