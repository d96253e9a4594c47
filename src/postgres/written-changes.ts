import type { Pool } from 'pg';
import type { Written } from '../consistency/compare.ts';
import type { Mismatch, WriteStore } from '../consistency/write-checker.ts';
import type { Status } from '../violations/statuses.ts';

type Row = {
  readonly violation_id: string;
  readonly version: number;
  readonly path: string;
  readonly status_before: Status;
  readonly notes_before: string | null;
  readonly handled_by_before: string | null;
  readonly handled_at_before: Date | null;
  readonly status: Status;
  readonly notes: string | null;
  readonly handled_by: string | null;
  readonly handled_at: Date | null;
  readonly changed_at: Date;
};

/** Single writes as they are in the database, and what was found wrong with them. */
export function createWrittenChanges(pool: Pool, rollout: string): WriteStore {
  return {
    load: async (writeId) => {
      const { rows } = await pool.query<Row>(FIND, [writeId]);
      return rows[0] && toWritten(rows[0]);
    },
    keep: async (mismatches) => {
      for (const { field, expected, actual, path, update } of mismatches as readonly Mismatch[]) {
        const { writeId, requestId, violationId } = update;
        await pool.query(KEEP, [rollout, writeId, requestId, violationId, path, field, expected, actual, MOST_KEPT]);
      }
    },
  };
}

function toWritten(row: Row): Written {
  const { violation_id: id, version } = row;
  return {
    path: row.path,
    before: {
      id,
      version: version - 1,
      status: row.status_before,
      notes: row.notes_before,
      handledBy: row.handled_by_before,
      handledAt: row.handled_at_before,
    },
    after: {
      id,
      version,
      status: row.status,
      notes: row.notes,
      handledBy: row.handled_by,
      handledAt: row.handled_at,
    },
    writtenAt: row.changed_at,
  };
}

/** Enough to see what is wrong; a path that is wrong every time must not fill the disk. */
const MOST_KEPT = 10_000;

// The record itself where this change is its last one; else only the history still knows what it left behind.
const FIND = `
  SELECT h.violation_id, h.version, h.path, h.status_before, h.notes_before, h.handled_by_before, h.handled_at_before,
    h.changed_at,
    CASE WHEN v.id IS NULL THEN h.status_after ELSE v.status END AS status,
    CASE WHEN v.id IS NULL THEN h.notes_after ELSE v.notes END AS notes,
    CASE WHEN v.id IS NULL THEN h.handled_by_after ELSE v.handled_by END AS handled_by,
    CASE WHEN v.id IS NULL THEN h.handled_at_after ELSE v.handled_at END AS handled_at
  FROM violation_status_history h LEFT JOIN violations v ON v.id = h.violation_id AND v.version = h.version
  WHERE h.write_id = $1`;

const KEEP = `
  INSERT INTO consistency_mismatches (rollout, write_id, request_id, violation_id, path, field, expected, actual)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM consistency_mismatches) < $9::int
  ON CONFLICT DO NOTHING`;
