import { join } from 'node:path';
import { runner } from 'node-pg-migrate';

const MIGRATIONS = join(import.meta.dirname, '../../../migrations');

/** Brings the database's schema up to date. Safe to run twice, and from two places at once: a lock makes them queue. */
export async function migrate(url: string, log: (line: string) => void): Promise<void> {
  await runner({
    databaseUrl: url,
    dir: MIGRATIONS,
    direction: 'up',
    migrationsTable: 'sluice_migrations',
    advisoryLockMode: 'wait',
    log,
  });
}
