import { rm, writeFile } from 'node:fs/promises';
import { migrateDatabase } from '../../contract/schema-of-database.ts';
import { freePort } from '../embedded/flagd.ts';
import { startEmbeddedPostgres } from '../embedded/postgres.ts';
import { seedViolations } from '../embedded/seed.ts';
import type { Part } from './part.ts';

/** The one in DATABASE_URL, migrated; without that a PostgreSQL of our own, with its data in `directory`. */
export async function startDatabase(given: NodeJS.ProcessEnv, directory: string): Promise<Part> {
  if (given.DATABASE_URL) {
    await migrateDatabase(given.DATABASE_URL, () => {});
    return {
      env: {},
      what: 'the one in DATABASE_URL, migrated; its violations are left as they are',
      stop: async () => {},
    };
  }
  const server = await startEmbeddedPostgres(directory, await freePort());
  try {
    await migrateDatabase(server.url, () => {});
    await seedViolations(server.url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { env: { DATABASE_URL: server.url }, what: server.url, stop: server.stop };
}

/** For commands that work on the data; only its owner may read it: it has a password. */
export async function keepDatabaseUrl(file: string, { DATABASE_URL }: NodeJS.ProcessEnv): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, `${DATABASE_URL}\n`, { mode: 0o600 });
}
