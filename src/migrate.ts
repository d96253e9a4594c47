import { migrate } from './kit/postgres/migrate.ts';

const url = process.env.DATABASE_URL;
try {
  if (!url) {
    throw new Error('DATABASE_URL is required. Set it to postgresql://user:password@host:port/database.');
  }
  await migrate(url, console.log);
} catch (error) {
  // An AggregateError of all addresses that refused has no message of its own.
  const { message, code } = error as NodeJS.ErrnoException;
  console.error(`The database was not migrated: ${message || code}`);
  process.exitCode = 1;
}
