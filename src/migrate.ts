import { migrate } from './postgres/migrate.ts';

const url = process.env.DATABASE_URL;
if (!url) {
  console.error('DATABASE_URL is required. Set it to postgresql://user:password@host:port/database.');
  process.exitCode = 1;
} else {
  await migrate(url, console.log);
}
