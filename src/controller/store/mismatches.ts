import type { Pool } from 'pg';
import type { MismatchStore } from '../engine/ports.ts';

/** The database's clock and the controller's may be this far apart. */
const CLOCKS_APART_MS = 5_000;

const COUNT = `SELECT count(DISTINCT violation_id)::integer AS records FROM consistency_mismatches
  WHERE rollout = $1 AND found_at >= to_timestamp($2 / 1000.0)`;
const FIRST = `SELECT violation_id, path, field, request_id FROM consistency_mismatches
  WHERE rollout = $1 AND found_at >= to_timestamp($2 / 1000.0) ORDER BY found_at, violation_id, field LIMIT $3`;

/** Single writes that replicas found to differ from the domain's rule. */
export function createMismatchStore(pool: Pool, rollout: string): MismatchStore {
  return {
    since: async (fromMs, limit) => {
      const from = fromMs - CLOCKS_APART_MS;
      const { rows } = await pool.query(FIRST, [rollout, from, limit]);
      // After the names: what is found in between is counted, and none is named that does not count.
      const counted = await pool.query<{ records: number }>(COUNT, [rollout, from]);
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
  };
}
