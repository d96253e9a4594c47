import { randomBytes } from 'node:crypto';
import pg from 'pg';

export const TEMPLATE = 'sluice_template';

export type HistoryRow = {
  violation_id: string;
  version: number;
  write_id: string;
  request_id: string;
  path: string;
  status_before: string;
  status_after: string;
  notes_before: string | null;
  notes_after: string | null;
  handled_by_before: string | null;
  handled_by_after: string | null;
  handled_at_before: Date | null;
  handled_at_after: Date;
};

export type TestDatabase = AsyncDisposable & {
  readonly url: string;
  readonly name: string;
  readonly query: <T extends pg.QueryResultRow>(sql: string, values?: unknown[]) => Promise<T[]>;
  readonly history: (violationId: string | number) => Promise<HistoryRow[]>;
  /** A connection of the test's own, for holding locks; ended with the database. */
  readonly connect: () => Promise<pg.Client>;
};

/** A database of the suite's own, with violations 1–1000. Dropping it fails where a connection to it was leaked. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await execute(server, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  const url = withDatabase(server, name);
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => {});
  const clients: pg.Client[] = [];
  const query = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
    (await pool.query<T>(sql, values)).rows;
  return {
    url,
    name,
    query,
    history: (violationId) =>
      query<HistoryRow>('SELECT * FROM violation_status_history WHERE violation_id = $1 ORDER BY version', [
        violationId,
      ]),
    connect: async () => {
      const client = new pg.Client({ connectionString: url });
      client.on('error', () => {});
      await client.connect();
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end()));
      await pool.end();
      await execute(server, `DROP DATABASE ${name}`);
    },
  };
}

export async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

function serverUrl(): string {
  const url = process.env.SLUICE_TEST_DATABASE_URL;
  if (!url) {
    throw new Error('no test database: run the tests with npm run test:run');
  }
  return url;
}
