import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrateDatabase } from '../src/contract/schema-of-database.ts';
import { startFlagServer } from '../src/dev/embedded/flag-server.ts';
import { freePort } from '../src/dev/embedded/flagd.ts';
import { startEmbeddedPostgres } from '../src/dev/embedded/postgres.ts';
import { seedViolations } from '../src/dev/embedded/seed.ts';

/** Vacuuming at a time of its own choosing would slow whoever's turn it is; it is done between the turns instead. */
const POSTGRES_FLAGS = ['-c', 'autovacuum=off', '-c', 'max_wal_size=4GB'];
const PERCENTS = [0, 50, 100];

export type Environment = AsyncDisposable & {
  readonly databaseUrl: string;
  readonly postgresVersion: string;
  readonly postgresPid: number;
  readonly flagPort: number;
  /** Gives every turn tables of the same size. */
  readonly resetTables: () => Promise<void>;
};

/** @returns the key of the flag that stays at this percent. */
export const flagAt = (percent: number) => `bench-percent-${percent}`;

/** One PostgreSQL and one flag server, on loopback, their files in a folder that is removed at the end. */
export async function startEnvironment(): Promise<Environment> {
  await using opened = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  opened.defer(() => rm(directory, { recursive: true, force: true }));

  const postgres = await startEmbeddedPostgres(join(directory, 'postgres'), await freePort(), POSTGRES_FLAGS);
  opened.defer(postgres.stop);
  await migrateDatabase(postgres.url, () => {});
  await seedViolations(postgres.url);
  const client = new pg.Client({ connectionString: postgres.url });
  // The server's stop at the end would otherwise be an error nobody hears.
  client.on('error', () => {});
  await client.connect();
  opened.defer(() => client.end());

  const flagsFile = join(directory, 'flags.json');
  await writeFile(flagsFile, JSON.stringify({ flags: Object.fromEntries(PERCENTS.map(flagDefinition)) }));
  const flags = await startFlagServer(flagsFile, 0, (why) => console.error(`the flags file is not used: ${why}`));
  opened.defer(flags.stop);

  const keep = opened.move();
  return {
    databaseUrl: postgres.url,
    postgresVersion: await readText(client, 'SHOW server_version'),
    postgresPid: Number(
      await readText(client, "SELECT (regexp_split_to_array(pg_read_file('postmaster.pid'), '\\n'))[1]"),
    ),
    flagPort: flags.port,
    resetTables: async () => {
      await client.query('TRUNCATE violation_status_history');
      await client.query('VACUUM (ANALYZE) violations');
    },
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

const flagDefinition = (percent: number) => [
  flagAt(percent),
  { state: 'ENABLED', variants: { fixed: percent }, defaultVariant: 'fixed' },
];

async function readText(client: pg.Client, query: string): Promise<string> {
  const { rows } = await client.query({ text: query, rowMode: 'array' });
  return String(rows[0]?.[0]);
}
