import pg from 'pg';

const CONNECT_WITHIN_MS = 5_000;

/** A connection of a command's own. @param options what is not the same for all of them. */
export async function openClient(url: string, options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    keepAlive: true,
    ...options,
  });
  // The statement under way fails with it; unheard, the event would end the process.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Classes of codes by which a server says that it cannot be used: connection, password, database, resources, shutdown. */
const AWAY = /^(08|28|3D|53|57P)/;

/** Whether it is the server, and not one statement, that an error is about. */
export const isAway = (error: unknown) => !(error instanceof pg.DatabaseError) || AWAY.test(error.code ?? '');

/** Why, for people. No message shows the database's address: it has a password. */
export function reasonOf(error: unknown): string | undefined {
  // An AggregateError of all addresses that refused has no message of its own.
  const { message, code, errors } = error as NodeJS.ErrnoException & { readonly errors?: readonly Error[] };
  return message || errors?.[0]?.message || code;
}
