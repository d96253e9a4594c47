import type { Database } from '../system/database.ts';
import type { InitialRecord, StoredChange, StoredRecord } from './records.ts';

const EPOCH_MS = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

const STORE_RECORDS = `
  INSERT INTO violations (notes, handled_by, handled_at)
  SELECT 'from the beginning', NULL, CASE WHEN $2::float8 > 0 THEN clock_timestamp() + $2 * interval '1 ms' END
  FROM generate_series(1, $1::int)
  RETURNING id::text, status, notes, handled_by AS "handledBy", ${EPOCH_MS('handled_at')} AS "handledAtMs"`;

const READ_RECORDS = `
  SELECT id::text, status, notes, handled_by AS "handledBy", ${EPOCH_MS('handled_at')} AS "handledAtMs", version
  FROM violations WHERE id = ANY($1::bigint[])`;

const READ_CHANGES = `
  SELECT violation_id::text AS "violationId", version, request_id AS "requestId", path,
    ${EPOCH_MS('changed_at')} AS "changedAtMs",
    status_before, notes_before, handled_by_before, ${EPOCH_MS('handled_at_before')} AS handled_at_before,
    status_after, notes_after, handled_by_after, ${EPOCH_MS('handled_at_after')} AS handled_at_after
  FROM violation_status_history
  WHERE violation_id = ANY($1::bigint[]) OR request_id LIKE $2
  ORDER BY violation_id, version`;

/** The database's time, as ISO 8601. */
export async function readClock(database: Database): Promise<string> {
  const [row] = await database.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return (row as { now: Date }).now.toISOString();
}

/** Makes fresh records; `aheadMs` above 0 makes their `handled_at` a time to come. */
export function storeRecords(database: Database, count: number, aheadMs: number): Promise<InitialRecord[]> {
  return database.query<InitialRecord>(STORE_RECORDS, [count, aheadMs]);
}

/** The records of one schedule and every change of them; also changes by its requests of records that are not its own. */
export async function readStored(database: Database, ids: readonly string[], name: string) {
  const [records, changes] = await Promise.all([
    database.query<StoredRecord>(READ_RECORDS, [ids]),
    database.query<Row>(READ_CHANGES, [ids, `${name}-%`]),
  ]);
  return { records, changes: changes.map(toChange) };
}

type Row = {
  readonly [Field in `${'status' | 'notes' | 'handled_by'}_${'before' | 'after'}`]: string;
} & {
  readonly [Field in `handled_at_${'before' | 'after'}`]: number | null;
} & Pick<StoredChange, 'violationId' | 'version' | 'requestId' | 'path' | 'changedAtMs'>;

function toChange(row: Row): StoredChange {
  const side = (of: 'before' | 'after') => ({
    status: row[`status_${of}`],
    notes: row[`notes_${of}`],
    handledBy: row[`handled_by_${of}`],
    handledAtMs: row[`handled_at_${of}`],
  });
  const { violationId, version, requestId, path, changedAtMs } = row;
  return { violationId, version, requestId, path, changedAtMs, before: side('before'), after: side('after') };
}
