import { runner } from 'node-pg-migrate';

type Migration = {
  readonly url: string;
  /** The folder of the migrations, and the table that says which of them were made. */
  readonly directory: string;
  readonly table: string;
  readonly log: (line: string) => void;
};

/** Brings the database's schema up to date. Safe to run twice, and from two places at once: a lock makes them queue. */
export async function migrate({ url, directory, table, log }: Migration): Promise<void> {
  await runner({
    databaseUrl: url,
    dir: directory,
    direction: 'up',
    migrationsTable: table,
    advisoryLockMode: 'wait',
    log,
  });
}
