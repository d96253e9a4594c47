import type { Pool } from 'pg';
import type { Violation, ViolationId } from '../violations/violation.ts';
import { type ViolationRow, violationFromRow } from './rows.ts';

/** Reads one violation back; undefined where there is none. */
export function createViolationReader(pool: Pool) {
  return async function readViolation(id: ViolationId): Promise<Violation | undefined> {
    const { rows } = await pool.query<ViolationRow>({ ...READ_QUERY, values: [id] });
    return rows[0] && violationFromRow(rows[0]);
  };
}

const READ_QUERY = {
  name: 'read-violation',
  text: 'SELECT id, status, notes, handled_by, handled_at, version FROM violations WHERE id = $1',
  query_timeout: 2_000,
};
