import type { Pool } from 'pg';
import type { MismatchStore } from '../engine/ports.ts';

/** The database's clock and the controller's may be this far apart. */
const CLOCKS_APART_MS = 5_000;

const IS_DOMAINS = "(path <> 'legacy' OR field = 'history')";
const SINCE = `FROM consistency_mismatches
  WHERE rollout = $1 AND found_at >= to_timestamp($2 / 1000.0) AND ${IS_DOMAINS} = $3`;
const RECORDS = `SELECT count(DISTINCT violation_id)::integer AS records ${SINCE}`;
const FIRST = `SELECT violation_id, path, field, request_id ${SINCE} ORDER BY found_at, violation_id, field LIMIT $4`;
/** By an age: the database's clock alone is asked. */
const COUNT = `SELECT count(*) FILTER (WHERE ${IS_DOMAINS})::integer AS domain, count(*) FILTER (WHERE NOT ${IS_DOMAINS})::integer AS others
  FROM consistency_mismatches
  WHERE rollout = $1 AND CASE WHEN $3 THEN written_at ELSE found_at END >= clock_timestamp() - $2 * interval '1 millisecond'`;

/** Single writes that replicas found to differ from the domain's rule. */
export function createMismatchStore(pool: Pool, rollout: string): MismatchStore {
  return {
    since: async (fromMs, by, limit) => {
      const values = [rollout, fromMs - CLOCKS_APART_MS, by === 'domain'];
      const { rows } = await pool.query(FIRST, [...values, limit]);
      // After the names: what is found in between is counted, and none is named that does not count.
      const counted = await pool.query<{ records: number }>(RECORDS, values);
      return {
        records: counted.rows[0]?.records ?? 0,
        first: rows.map((row) => ({
          violationId: row.violation_id,
          path: row.path,
          field: row.field,
          requestId: row.request_id,
        })),
      };
    },
    count: async (ageMs, of) => {
      const { rows } = await pool.query<{ domain: number; others: number }>(COUNT, [rollout, ageMs, of === 'written']);
      return rows[0] ?? { domain: 0, others: 0 };
    },
  };
}
