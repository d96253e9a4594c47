import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { timeOfIso } from '../../kit/postgres/iso-time.ts';
import { type Check, CheckError, type ConsistencyStore, type Progress } from '../check.ts';
import type { Finding } from '../finding.ts';
import { away, connect, openSnapshot } from './check-snapshot.ts';

/** Notes may be long: a statement with all findings of a large record could be more than the server takes. */
const MOST_IN_STATEMENT = 1_000;

/** Checks and findings on a connection of their own: what is read is read in a transaction that writes nothing. */
export async function openConsistencyStore(url: string): Promise<ConsistencyStore & AsyncDisposable> {
  const client = await connect(url);
  const query = <T extends pg.QueryResultRow>(text: string, values: readonly unknown[]) =>
    client.query<T>(text, [...values]).catch(away);
  const [tables] = (
    await query<{ there: boolean }>("SELECT to_regclass('consistency_checks') IS NOT NULL AS there", [])
  ).rows;
  if (tables?.there !== true) {
    await client.end();
    throw new CheckError('not-migrated', 'The database has no tables for checks of its data: run npm run migrate.');
  }
  return {
    begin: async ({ rollout, actor, since }) => {
      const { rows } = await query<CheckRow>(BEGIN, [randomUUID(), rollout, actor, since]);
      return toCheck(rows[0] as CheckRow);
    },
    find: async (id) => {
      const { rows } = await query<CheckRow>(FIND, [id]);
      return rows[0] && toCheck(rows[0]);
    },
    read: async (check, signal) => openSnapshot(await connect(url), check, signal).catch(away),
    advance: async (id, from, to, findings) => {
      // Together: progress without its findings, or findings twice, would make the check say what is not so.
      await query('BEGIN', []);
      try {
        const { doneThrough, records, changes } = to;
        const moved = await query(ADVANCE, [id, from.doneThrough, doneThrough, records, changes, to.findings]);
        if (moved.rowCount !== 1) {
          throw new CheckError('taken', `Check ${id} is not where it was: somebody else is continuing it.`);
        }
        for (let at = 0; at < findings.length; at += MOST_IN_STATEMENT) {
          await query(KEEP, [id, rowsOf(findings.slice(at, at + MOST_IN_STATEMENT))]);
        }
        await query('COMMIT', []);
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {});
        throw error;
      }
    },
    finish: async (id) => void (await query(FINISH, [id])),
    found: async (id, limit, began = null) => {
      const { rows } = await query<FindingRow>(FOUND, [id, began, limit]);
      const counted = await query<{ violations: number; held: number }>(COUNT, [id, began]);
      const { violations = 0, held = 0 } = counted.rows[0] ?? {};
      return { findings: rows.map(toFinding), violations, held };
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

type CheckRow = {
  readonly check_id: string;
  readonly rollout: string;
  readonly actor: string;
  readonly since: Date | null;
  readonly done_through: string;
  readonly records: string;
  readonly changes: string;
  readonly findings: string;
  readonly finished_at: Date | null;
};

function toCheck(row: CheckRow): Check {
  const progress: Progress = {
    doneThrough: row.done_through,
    records: Number(row.records),
    changes: Number(row.changes),
    findings: Number(row.findings),
  };
  const since = row.since?.toISOString() ?? null;
  return {
    id: row.check_id,
    rollout: row.rollout,
    actor: row.actor,
    since,
    progress,
    isFinished: row.finished_at !== null,
  };
}

type FindingRow = Omit<Finding, 'violationId' | 'seen' | 'cause'> & {
  readonly violation_id: string;
  readonly held: boolean;
  readonly seen: Finding['seen'] | null;
};

const toFinding = ({ violation_id: violationId, seen, ...rest }: FindingRow) => ({
  violationId,
  ...rest,
  seen: seen ?? undefined,
});

const rowsOf = (findings: readonly Finding[]) =>
  JSON.stringify(
    findings.map(({ violationId, cause, ...rest }) => ({
      violation_id: violationId,
      ...rest,
      path: cause?.path,
      changed_at: timeOfIso(cause?.at ?? null),
    })),
  );

const COLUMNS = 'check_id, rollout, actor, since, done_through, records, changes, findings, finished_at';
const BEGIN = `INSERT INTO consistency_checks (check_id, rollout, actor, since) VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`;
const FIND = `SELECT ${COLUMNS} FROM consistency_checks WHERE check_id = $1`;

const ADVANCE = `UPDATE consistency_checks SET done_through = $3, records = $4, changes = $5, findings = $6
  WHERE check_id = $1 AND done_through = $2 AND finished_at IS NULL`;
const KEEP = `
  INSERT INTO consistency_findings (check_id, violation_id, version, kind, field, expected, actual, seen, path, changed_at)
  SELECT $1, violation_id, version, kind, field, expected, actual, seen, path, changed_at FROM jsonb_to_recordset($2::jsonb) AS finding (
    violation_id bigint, version integer, kind text, field text, expected text, actual text, seen jsonb, path text,
    changed_at timestamptz)`;
const FINISH =
  'UPDATE consistency_checks SET finished_at = clock_timestamp() WHERE check_id = $1 AND finished_at IS NULL';

/** The database's clock and the controller's may be this far apart. */
const CLOCKS_APART = "interval '5 seconds'";
/**
 * Held against domain: what may be its doing since the rollout began at $2, or ever where nobody knows when; unless a check from before
 * that saw it already, or saw the record damaged as the change at fault found it.
 */
const IS_HELD = `((path IS NULL OR path = 'domain') AND changed_at IS NOT NULL AND ($2::timestamptz IS NULL OR (
    changed_at >= $2::timestamptz - ${CLOCKS_APART} AND NOT EXISTS (
      SELECT FROM consistency_findings known JOIN consistency_checks c ON c.check_id = known.check_id
      WHERE c.started_at < $2::timestamptz - ${CLOCKS_APART} AND known.violation_id = f.violation_id AND known.field = f.field AND (
        (known.kind, known.version, known.expected, known.actual)
          IS NOT DISTINCT FROM (f.kind, f.version, f.expected, f.actual)
        OR known.kind = 'record-differs' AND f.kind IN ('broken-chain', 'handled-at-backwards') AND known.actual
          IS NOT DISTINCT FROM CASE f.kind WHEN 'broken-chain' THEN f.actual ELSE f.expected END
      )
    )
  )))`;
const FOUND = `
  SELECT violation_id, version, kind, field, expected, actual, seen, ${IS_HELD} AS held
  FROM consistency_findings f WHERE check_id = $1
  ORDER BY held DESC, violation_id, version, kind, field LIMIT $3`;
const COUNT = `
  SELECT count(DISTINCT violation_id)::integer AS violations, count(*) FILTER (WHERE ${IS_HELD})::integer AS held
  FROM consistency_findings f WHERE check_id = $1`;
