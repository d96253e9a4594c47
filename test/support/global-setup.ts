import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase } from '../../src/contract/schema-of-database.ts';
import { freePort } from '../../src/dev/embedded/flagd.ts';
import { startEmbeddedPostgres } from '../../src/dev/embedded/postgres.ts';
import { seedViolations } from '../../src/dev/embedded/seed.ts';
import { execute, TEMPLATE, withDatabase } from './database.ts';

let owned: AsyncDisposableStack | undefined;

/** One real PostgreSQL for the whole run, with a migrated and filled template that each suite clones. */
export async function globalSetup(): Promise<void> {
  await using starting = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  starting.defer(() => rm(directory, { recursive: true, force: true }));
  const flags = ['-c', 'fsync=off', '-c', 'max_connections=300'];
  const server = await startEmbeddedPostgres(directory, await freePort(), flags);
  starting.defer(server.stop);
  await execute(server.url, `CREATE DATABASE ${TEMPLATE}`);
  const template = withDatabase(server.url, TEMPLATE);
  await migrateDatabase(template, () => {});
  await seedViolations(template);
  process.env.SLUICE_TEST_DATABASE_URL = server.url;
  owned = starting.move();
}

export async function globalTeardown(): Promise<void> {
  await owned?.disposeAsync();
}
