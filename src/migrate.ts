import { migrateDatabase } from './contract/schema-of-database.ts';
import { runMain } from './kit/run-main.ts';

await runMain(async () => {
  const url = process.env.DATABASE_URL;
  if (!url) {
    throw new Error('DATABASE_URL is required. Set it to postgresql://user:password@host:port/database.');
  }
  await migrateDatabase(url, console.log);
}, 'The database was not migrated');
