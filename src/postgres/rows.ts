import type { Status } from '../violations/statuses.ts';
import type { Violation } from '../violations/violation.ts';

export type ViolationRow = {
  readonly id: string;
  readonly status: Status;
  readonly notes: string | null;
  readonly handled_by: string | null;
  readonly handled_at: Date | null;
  readonly version: number;
};

export function violationFromRow(row: ViolationRow): Violation {
  return {
    id: row.id,
    status: row.status,
    notes: row.notes,
    handledBy: row.handled_by,
    handledAt: row.handled_at,
    version: row.version,
  };
}
