import pg from 'pg';
import { isAway, openClient, reasonOf } from '../../kit/postgres/client.ts';
import { RepairError } from '../repair.ts';

/** Above what a statement may take on the server: this is for a server that has gone silent. */
const ANSWER_WITHIN_MS = 30_000;

/** One connection. What concerns one statement only is thrown as it is, all else as RepairError. */
export type RepairSession = AsyncDisposable & {
  readonly query: <T extends pg.QueryResultRow>(text: string, ...values: readonly unknown[]) => Promise<readonly T[]>;
  /** @throws Refused where it did not change one row. */
  readonly changeOne: (what: string, text: string, ...values: readonly unknown[]) => Promise<void>;
  readonly transact: <T>(begin: string, work: () => Promise<T>) => Promise<T>;
};

/** The database took a statement and did something else. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(what: string) {
    super(`the database did not keep ${what}: a trigger, a rule or a policy may be in the way`);
  }
}

export async function openRepairSession(url: string): Promise<RepairSession> {
  const client = await openClient(url, { query_timeout: ANSWER_WITHIN_MS }).catch((error: unknown) => {
    throw unreachable(error);
  });
  const run = <T extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
    client.query<T>(text, [...values]).catch(ofAll);
  return {
    query: async <T extends pg.QueryResultRow>(text: string, ...values: readonly unknown[]) =>
      (await run<T>(text, values)).rows,
    changeOne: async (what, text, ...values) => {
      if ((await run(text, values)).rowCount !== 1) {
        throw new Refused(what);
      }
    },
    transact: async (begin, work) => {
      try {
        await client.query(begin).catch(ofAll);
        const result = await work();
        await run('COMMIT');
        return result;
      } catch (error) {
        // Where the connection is gone, so is the transaction; whatever comes next says that it is.
        await client.query('ROLLBACK').catch(() => {});
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** Why a record is left as it is. @throws what stands in the way of every record. */
export function refusalOf(error: unknown): string {
  if (error instanceof Refused) {
    return error.message;
  }
  if (!(error instanceof pg.DatabaseError)) {
    throw error;
  }
  return error.code === LOCK_NOT_AVAILABLE
    ? 'another transaction holds the record: try again'
    : `the database refused it: ${error.message}`;
}

const LOCK_NOT_AVAILABLE = '55P03';
const NO_TABLE_OR_COLUMN = ['42P01', '42703'];
const NO_PRIVILEGE_OR_READ_ONLY = ['42501', '25006'];

function ofAll(error: unknown): never {
  if (isAway(error) || !(error instanceof pg.DatabaseError)) {
    throw unreachable(error);
  }
  if (NO_TABLE_OR_COLUMN.includes(error.code ?? '')) {
    throw new RepairError(
      'not-migrated',
      `The database lacks what a repair needs (${error.message}): run npm run migrate.`,
    );
  }
  if (NO_PRIVILEGE_OR_READ_ONLY.includes(error.code ?? '')) {
    throw new RepairError(
      'not-allowed',
      `The database does not allow it: ${error.message}. Use a role with the rights that docs/data-repair.md lists, on a server that takes writes.`,
    );
  }
  throw error;
}

const unreachable = (error: unknown) =>
  new RepairError('unreachable', `The database was not reached: ${reasonOf(error)}.`);
