import type { Pool } from 'pg';
import { toJsonb } from '../../kit/postgres/jsonb.ts';
import type { Status } from '../violation.ts';
import type { Found, Written } from './compare.ts';
import type { WriteStore } from './write-checker.ts';

type Row = {
  readonly violation_id: string;
  readonly is_there: boolean;
  /** Null where there is no such change. */
  readonly version: number | null;
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
    load: async (updates) => {
      const values = [updates.map(({ writeId }) => writeId), updates.map(({ violationId }) => violationId)];
      const { rows } = await pool.query<Row>({ name: 'find-writes', text: FIND, values });
      return rows.map(toFound);
    },
    keep: async (mismatches) => {
      const columns = mismatches.map(({ field, expected, actual, path, update }) => ({
        write_id: update.writeId,
        request_id: update.requestId,
        violation_id: update.violationId,
        path,
        field,
        expected,
        actual,
      }));
      await pool.query(KEEP, [rollout, toJsonb(columns), MOST_KEPT]);
    },
  };
}

function toFound(row: Row): Found {
  if (row.version === null) {
    return row.is_there ? 'lost' : 'gone';
  }
  return toWritten(row, row.version);
}

function toWritten(row: Row, version: number): Written {
  const { violation_id: id } = row;
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

// LATERAL with LIMIT: one look into each index for each write, whatever the planner believes of a history that grew since.
// The record itself where this change is its last one; else only the history still knows what it left behind.
const FIND = `
  SELECT asked.violation_id, v.id IS NOT NULL AS is_there, h.version, h.path,
    h.status_before, h.notes_before, h.handled_by_before, h.handled_at_before, h.changed_at,
    CASE WHEN v.version = h.version THEN v.status ELSE h.status_after END AS status,
    CASE WHEN v.version = h.version THEN v.notes ELSE h.notes_after END AS notes,
    CASE WHEN v.version = h.version THEN v.handled_by ELSE h.handled_by_after END AS handled_by,
    CASE WHEN v.version = h.version THEN v.handled_at ELSE h.handled_at_after END AS handled_at
  FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS asked (write_id, violation_id, place)
    LEFT JOIN LATERAL (SELECT * FROM violation_status_history WHERE write_id = asked.write_id LIMIT 1) h ON true
    LEFT JOIN LATERAL (SELECT * FROM violations WHERE id = asked.violation_id LIMIT 1) v ON true
  ORDER BY asked.place`;
const KEEP = `
  INSERT INTO consistency_mismatches (rollout, write_id, request_id, violation_id, path, field, expected, actual, written_at)
  SELECT $1, write_id, request_id, violation_id, path, field, expected, actual, coalesce(
    (SELECT h.changed_at FROM violation_status_history h WHERE h.write_id = mismatch.write_id LIMIT 1), clock_timestamp())
  FROM jsonb_to_recordset($2::jsonb)
    AS mismatch (write_id uuid, request_id text, violation_id bigint, path text, field text, expected text, actual text)
  LIMIT greatest(0, $3::int - (SELECT count(*) FROM consistency_mismatches))
  ON CONFLICT DO NOTHING`;
