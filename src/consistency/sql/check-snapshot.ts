import type pg from 'pg';
import { isAway, openClient, reasonOf } from '../../kit/postgres/client.ts';
import { isoTime } from '../../kit/postgres/iso-time.ts';
import { createQueue } from '../../kit/time.ts';
import { type ChangeWithId, type Check, CheckError, type Snapshot } from '../check.ts';
import type { SeenRecord } from '../finding.ts';
import type { Values } from '../judge.ts';
import { changesOfAll, changesSince, RECORDS, RECORDS_SINCE, UNIQUE_COLUMNS } from './check-queries.ts';

/** With notes of full length a page takes some ten megabytes. */
const PAGE_ROWS = 2_000;

/** As the database wrote it: neither numbers nor times are made of what is only compared. */
const AS_TEXT = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

type Row = readonly (string | null)[];

/** Everything in one snapshot, through two cursors on one connection, which ends with it. */
export async function openSnapshot(
  client: pg.Client,
  { since, progress }: Check,
  signal: AbortSignal | undefined,
): Promise<Snapshot> {
  let ended: Promise<void> | undefined;
  const end = () => {
    ended ??= client.end();
    return ended;
  };
  const interrupt = () => void end();
  signal?.addEventListener('abort', interrupt);
  const close = async () => {
    signal?.removeEventListener('abort', interrupt);
    await end();
  };
  try {
    signal?.throwIfAborted();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'");
    const unique = await client.query<{ columns: string }>(UNIQUE_COLUMNS);
    const vouched = {
      key: unique.rows.some(({ columns }) => columns === 'version,violation_id'),
      writeId: unique.rows.some(({ columns }) => columns === 'write_id'),
    };
    const values = since === null ? [progress.doneThrough] : [progress.doneThrough, since];
    const records = since === null ? RECORDS : RECORDS_SINCE;
    const changes = (since === null ? changesOfAll : changesSince)(vouched);
    await client.query(`DECLARE records NO SCROLL CURSOR FOR ${records}`, values);
    await client.query(`DECLARE changes NO SCROLL CURSOR FOR ${changes}`, values);
    const estimate = await client.query(`EXPLAIN (FORMAT JSON) ${records}`, values);
    const inTurn = createQueue();
    const read = (cursor: string) => inTurn(() => fetchRows(client, cursor));
    return {
      aboutRecords: estimate.rows[0]['QUERY PLAN'][0].Plan['Plan Rows'],
      nextRecords: ahead(async () => (await read('records')).map(toRecord)),
      nextChanges: ahead(async () => (await read('changes')).map(toChange)),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fetchRows(client: pg.Client, cursor: string): Promise<Row[]> {
  const text = `FETCH ${PAGE_ROWS} FROM ${cursor}`;
  return (await client.query<(string | null)[]>({ text, rowMode: 'array', types: AS_TEXT }).catch(away)).rows;
}

/** Has the next page fetched while the one before it is judged. */
function ahead<T>(fetchPage: () => Promise<readonly T[]>): () => Promise<readonly T[]> {
  const begin = () => {
    const page = fetchPage();
    // A failure goes to whoever takes it; until then there is nobody to report it to.
    page.catch(() => {});
    return page;
  };
  let coming: Promise<readonly T[]> | undefined;
  return async () => {
    const page = await (coming ?? begin());
    coming = page.length === 0 ? Promise.resolve(page) : begin();
    return page;
  };
}

function toRecord([id, status, notes, handledBy, handledAt, version]: Row): SeenRecord {
  return {
    id: id as string,
    status: status as string,
    notes: notes as string | null,
    handled_by: handledBy as string | null,
    handled_at: isoTime(handledAt as string | null),
    version: Number(version),
  };
}

function toChange(row: Row): ChangeWithId {
  const [violationId, version, path] = row as readonly string[];
  const [writeId, first, byDomain, isContext, changedAt] = row.slice(11) as (string | null)[];
  return {
    violationId: violationId as string,
    version: Number(version),
    path: path as string,
    changedAt: isoTime(changedAt as string) as string,
    before: toValues(row, 3),
    after: toValues(row, 7),
    repeats: writeId ? { writeId, first: first as string, byDomain: byDomain === 't' } : undefined,
    isContext: isContext === 't',
  };
}

function toValues(row: Row, at: number): Values {
  return {
    status: row[at] as string | null,
    notes: row[at + 1] as string | null,
    handled_by: row[at + 2] as string | null,
    handled_at: isoTime(row[at + 3] as string | null),
  };
}

/** @throws CheckError */
export const connect = (url: string): Promise<pg.Client> => openClient(url).catch(away);

/** Says as a CheckError what went wrong with the database. */
export function away(error: unknown): never {
  if (error instanceof CheckError) {
    throw error;
  }
  throw isAway(error)
    ? new CheckError('unreachable', `The database was not reached: ${reasonOf(error)}.`)
    : new CheckError('refused', `The database refused: ${reasonOf(error)}.`);
}
