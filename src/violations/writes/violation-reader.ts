import type { Pool } from 'pg';
import type { Status, Violation, ViolationId } from '../violation.ts';

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

export type ViolationRow = {
  readonly id: string;
  readonly status: Status;
  readonly notes: string | null;
  readonly handled_by: string | null;
  readonly handled_at: Date | null;
  readonly version: number;
};

function violationFromRow(row: ViolationRow): Violation {
  return {
    id: row.id,
    status: row.status,
    notes: row.notes,
    handledBy: row.handled_by,
    handledAt: row.handled_at,
    version: row.version,
  };
}
