/** Which unique indexes the database vouches for: theirs are no duplicates. Their columns by name, `version,violation_id`. */
export const UNIQUE_COLUMNS = `
  SELECT (
    SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_attribute a
    WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
  ) AS columns
  FROM pg_index i
  WHERE i.indrelid = 'violation_status_history'::regclass
    AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL`;

const RECORD = 'SELECT id, status, notes, handled_by, handled_at, version FROM violations WHERE id > $1';

/** @param $1 the id after which they begin */
export const RECORDS = `${RECORD} ORDER BY id`;

/** @param $2 the time: records that have no change since are left out. */
export const RECORDS_SINCE = `${RECORD} AND id IN (
    SELECT violation_id FROM violation_status_history WHERE violation_id > $1 AND changed_at >= $2
  ) ORDER BY id`;

/** True where the database vouches that no two changes have the same version, or the same write id. */
export type Vouched = { readonly key: boolean; readonly writeId: boolean };

const CHANGE = `h.violation_id, h.version, h.path,
    h.status_before, h.notes_before, h.handled_by_before, h.handled_at_before,
    h.status_after, h.notes_after, h.handled_by_after, h.handled_at_after`;

const TWICE = `twice AS MATERIALIZED (
    SELECT write_id, (array_agg(violation_id || '/' || version ORDER BY changed_at, violation_id, version))[1] AS first,
      bool_or(path = 'domain') AS by_domain
    FROM violation_status_history WHERE write_id IS NOT NULL GROUP BY write_id HAVING count(*) > 1
  )`;

/** A query of changes in the order of violations and versions, the last columns of which are the write id and the context. */
function changes(
  vouched: Vouched,
  parts: {
    readonly ctes: readonly string[];
    readonly from: string;
    readonly isContext: string;
    readonly where: string;
  },
) {
  const ctes = vouched.writeId ? parts.ctes : [...parts.ctes, TWICE];
  const repeats = vouched.writeId
    ? 'NULL, NULL, NULL'
    : "CASE WHEN twice.first <> h.violation_id || '/' || h.version THEN h.write_id END, twice.first, twice.by_domain";
  return `${ctes.length > 0 ? `WITH ${ctes.join(', ')}` : ''}
  SELECT ${CHANGE}, ${repeats}, ${parts.isContext}, h.changed_at
  FROM ${parts.from} ${vouched.writeId ? '' : 'LEFT JOIN twice ON twice.write_id = h.write_id'}
  WHERE ${parts.where}
  ORDER BY h.violation_id, h.version${vouched.key ? '' : ', h.changed_at, h.write_id'}`;
}

export const changesOfAll = (vouched: Vouched) =>
  changes(vouched, { ctes: [], from: 'violation_status_history h', isContext: 'false', where: 'h.violation_id > $1' });

/** From the first change of a record since the time, by version: clocks may differ, versions do not. And the one before it. */
export const changesSince = (vouched: Vouched) =>
  changes(vouched, {
    ctes: [
      `first AS (
    SELECT violation_id, min(version) AS version FROM violation_status_history
    WHERE violation_id > $1 AND changed_at >= $2 GROUP BY violation_id
  )`,
    ],
    from: 'first JOIN violation_status_history h ON h.violation_id = first.violation_id',
    isContext: 'h.version < first.version',
    where: `h.version >= COALESCE((
    SELECT max(b.version) FROM violation_status_history b
    WHERE b.violation_id = first.violation_id AND b.version < first.version
  ), first.version)`,
  });
