import { join } from 'node:path';
import { migrate } from '../kit/postgres/migrate.ts';

const MIGRATIONS = join(import.meta.dirname, '../../migrations');

/** Brings the database of service and controller up to date. */
export const migrateDatabase = (url: string, log: (line: string) => void): Promise<void> =>
  migrate({ url, directory: MIGRATIONS, table: 'sluice_migrations', log });
