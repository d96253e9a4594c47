import { isoTime, timeOfIso } from '../../kit/postgres/iso-time.ts';
import type { Finding, SeenRecord } from '../finding.ts';
import type { RecordedChange, Values } from '../judge.ts';
import type { DamagedRecord } from '../repair.ts';

const COLUMNS = 'id, status, notes, handled_by, handled_at::text AS handled_at, version';

// Times are read as texts of this zone and style. A repair waits no longer for a lock than a write would, and one that got
// stuck with a lock loses it before a write that waits for it gives up.
const BEGIN = `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO';
  SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10s'; SET LOCAL idle_in_transaction_session_timeout = '3s'`;
export const BEGIN_READING = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${BEGIN}`;
// Not one snapshot: what others committed while the lock was waited for has to be seen.
export const BEGIN_CHANGING = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${BEGIN}`;

export const READ = `SELECT ${COLUMNS} FROM violations WHERE id = $1`;
export const LOCK = `${READ} FOR NO KEY UPDATE`;

export const CHANGES = `
  SELECT version, path, changed_at::text,
    status_before, notes_before, handled_by_before, handled_at_before::text,
    status_after, notes_after, handled_by_after, handled_at_after::text
  FROM violation_status_history h WHERE violation_id = $1 ORDER BY h.version, h.changed_at, h.write_id`;

export const LAST_WRITE = `
  SELECT write_id FROM violation_status_history WHERE violation_id = $1 ORDER BY version DESC, changed_at DESC LIMIT 1`;

export const WRITE = `
  UPDATE violations SET status = $2, notes = $3, handled_by = $4, handled_at = $5, version = $6 WHERE id = $1
  RETURNING ${COLUMNS}`;

export const ADD_CHANGE = `
  INSERT INTO violation_status_history (violation_id, version, write_id, request_id, path,
    status_before, status_after, notes_before, notes_after,
    handled_by_before, handled_by_after, handled_at_before, handled_at_after)
  VALUES ($1, $2, $3, $4, 'repair', $5, $6, $7, $8, $9, $10, $11, $12)`;
export const REMOVE_CHANGE = `
  DELETE FROM violation_status_history WHERE violation_id = $1 AND write_id = $2 AND path = 'repair'`;

export const FIND_CHECK = `
  SELECT check_id AS id, finished_at IS NOT NULL AS "isFinished", (
    SELECT count(DISTINCT violation_id)::integer FROM consistency_findings f WHERE f.check_id = c.check_id
  ) AS records
  FROM consistency_checks c WHERE CASE WHEN $1::uuid IS NULL THEN finished_at IS NOT NULL AND findings > 0
    ELSE check_id = $1 END
  ORDER BY finished_at DESC LIMIT 1`;
export const DAMAGED = `
  SELECT violation_id, (jsonb_agg(seen))->0 AS seen, jsonb_agg(jsonb_build_object('version', version, 'kind', kind,
    'field', field, 'expected', expected, 'actual', actual) ORDER BY version, kind, field) AS findings
  FROM consistency_findings WHERE check_id = $1 AND ($2::bigint IS NULL OR violation_id > $2)
  GROUP BY violation_id ORDER BY violation_id LIMIT 100`;
// By way of the history, which loses the change of a repair that is undone: both keys are indexed.
export const REPAIRED_BY = `
  SELECT r.repair_id FROM violation_status_history h JOIN consistency_repairs r ON r.write_id = h.write_id
  WHERE h.violation_id = $2 AND h.path = 'repair' AND r.check_id = $1 LIMIT 1`;
export const KEEP_REPAIR = `
  INSERT INTO consistency_repairs (repair_id, violation_id, check_id, actor, reason, write_id, before, after, findings)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;

export const FIND_REPAIR = `
  SELECT count(*)::integer AS records, count(undone_at)::integer AS undone FROM consistency_repairs
  WHERE repair_id = $1 HAVING count(*) > 0`;
export const REPAIRED = `
  SELECT violation_id AS "violationId", write_id AS "writeId", before, after FROM consistency_repairs
  WHERE repair_id = $1 AND ($2::bigint IS NULL OR violation_id > $2) ORDER BY violation_id LIMIT 100`;
export const IS_UNDONE = `
  SELECT undone_at IS NOT NULL AS undone FROM consistency_repairs WHERE repair_id = $1 AND violation_id = $2`;
export const KEEP_UNDO = `
  UPDATE consistency_repairs SET undone_at = clock_timestamp(), undone_by = $3
  WHERE repair_id = $1 AND violation_id = $2 AND undone_at IS NULL`;

export type DamagedRow = {
  readonly violation_id: string;
  readonly seen: SeenRecord | null;
  readonly findings: readonly Omit<Finding, 'violationId' | 'seen'>[];
};

export function toDamaged({ violation_id: violationId, seen: json, findings }: DamagedRow): DamagedRecord {
  const seen = json ?? undefined;
  return { violationId, seen, findings: findings.map((finding) => ({ ...finding, violationId, seen })) };
}

export const toJson = (findings: readonly Finding[]) =>
  JSON.stringify(findings.map(({ violationId: _, seen, cause, ...finding }) => finding));

/** Times are ISO 8601 in a record, as a check reports them, and PostgreSQL's own in a row. */
export const toRecord = (row: SeenRecord): SeenRecord => ({ ...row, handled_at: isoTime(row.handled_at) });
export const valuesOf = ({ id, status, notes, handled_by, handled_at, version }: SeenRecord) => [
  ...[id, status, notes, handled_by, timeOfIso(handled_at)],
  version,
];

/** The values of a change in the order of the history's columns. */
export const sidesOf = (before: SeenRecord, after: SeenRecord) => [
  ...[before.status, after.status, before.notes, after.notes],
  ...[before.handled_by, after.handled_by, timeOfIso(before.handled_at), timeOfIso(after.handled_at)],
];

type Sides = { readonly [Name in keyof Values as `${Name}_before` | `${Name}_after`]: string | null };
export type ChangeRow = Sides & { readonly version: number; readonly path: string; readonly changed_at: string };

export const toChange = (row: ChangeRow): RecordedChange => ({
  version: row.version,
  path: row.path,
  changedAt: isoTime(row.changed_at) as string,
  before: {
    status: row.status_before,
    notes: row.notes_before,
    handled_by: row.handled_by_before,
    handled_at: isoTime(row.handled_at_before),
  },
  after: {
    status: row.status_after,
    notes: row.notes_after,
    handled_by: row.handled_by_after,
    handled_at: isoTime(row.handled_at_after),
  },
  // A look at one record does not show whether another has the same write.
  repeats: undefined,
  isContext: false,
});
