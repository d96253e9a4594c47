import pg from 'pg';
import { CheckError } from '../consistency/check.ts';

const CONNECT_WITHIN_MS = 5_000;

/** @throws CheckError */
export async function connect(url: string): Promise<pg.Client> {
  try {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      keepAlive: true,
    });
    // The statement under way fails with it; unheard, the event would end the process.
    client.on('error', () => {});
    await client.connect();
    return client;
  } catch (error) {
    return away(error as Error);
  }
}

/** Classes of codes by which a server tells that it cannot be used: connection, password, database, resources, shutdown. */
const AWAY = /^(08|28|3D|53|57P)/;

/** Says as a CheckError what went wrong with the database. No message tells its address: it has a password. */
export function away(error: NodeJS.ErrnoException & { readonly errors?: readonly Error[] }): never {
  if (error instanceof CheckError) {
    throw error;
  }
  // An AggregateError of all addresses that refused has no message of its own.
  const why = error.message || error.errors?.[0]?.message || error.code;
  throw error instanceof pg.DatabaseError && !AWAY.test(error.code ?? '')
    ? new CheckError('refused', `The database refused: ${why}.`)
    : new CheckError('unreachable', `The database was not reached: ${why}.`);
}
