import pg from 'pg';

export const SEEDED_VIOLATIONS = 1_000;

/** Fills an empty table with violations 1–1000, all pending; leaves one with anything in it alone. */
export async function seedViolations(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `INSERT INTO violations (id) SELECT generate_series(1, $1::bigint) WHERE NOT EXISTS (SELECT FROM violations)`,
      [SEEDED_VIOLATIONS],
    );
  } finally {
    await client.end();
  }
}
