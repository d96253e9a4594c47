import { migrateDatabase } from './contract/schema-of-database.ts';
import { ExpectedError } from './kit/expected-error.ts';
import { DATABASE_URL_FORM, wrongDatabaseUrl } from './kit/postgres/url.ts';
import { runMain } from './kit/run-main.ts';

await runMain(async () => {
  const url = process.env.DATABASE_URL;
  if (!url) {
    throw new ExpectedError(`DATABASE_URL is required. Set it to ${DATABASE_URL_FORM}.`);
  }
  const wrong = wrongDatabaseUrl(url);
  if (wrong !== undefined) {
    throw new ExpectedError(wrong);
  }
  await migrateDatabase(url, console.log);
}, 'The database was not migrated');
