import pg from 'pg';
import type { VerifyRecords } from './records.ts';

const WITHIN_MS = 5_000;

export function createVerifyRecords(url: string): VerifyRecords {
  const run = async (statements: readonly string[], ids: readonly string[]) => {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: WITHIN_MS,
      query_timeout: WITHIN_MS,
    });
    await client.connect();
    try {
      await client.query('BEGIN');
      for (const statement of statements) {
        await client.query(statement, [ids]);
      }
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
  };
  return {
    make: (ids) => run(['INSERT INTO violations (id) SELECT unnest($1::bigint[])'], ids),
    remove: (ids) =>
      run(
        [
          'DELETE FROM violations WHERE id = ANY($1::bigint[])',
          'DELETE FROM violation_status_history WHERE violation_id = ANY($1::bigint[])',
        ],
        ids,
      ),
  };
}
