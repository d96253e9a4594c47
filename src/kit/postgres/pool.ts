import { randomBytes } from 'node:crypto';
import pg, { type Pool } from 'pg';
import { Gauge, type Registry } from 'prom-client';

/** Beyond this wait for a free connection, or for a new one to be made, a request is better off with a clean 503. */
const CONNECT_TIMEOUT_MS = 3_000;

/** With it, this process's connections have a name of their own, so that it ends no others. */
const PROCESS = randomBytes(6).toString('hex');

type PoolOptions = {
  readonly url: string;
  readonly size: number;
  /** What the database calls the connections, before the process's own part. A name in the connection string beats it. */
  readonly application: string;
  readonly onIdleError: (error: Error) => void;
};

/**
 * The pool for the writes. `url` and everything it leaves open (PGSSLMODE, PGPASSWORD …) are read by pg, in pg's own way.
 */
export function createWritePool(options: PoolOptions): pg.Pool {
  return createPool(options);
}

/**
 * A small pool of its own for probes and for looking up writes: neither may queue behind the writes it asks about.
 * Its queries end after `queryTimeoutMs`, whatever the database does.
 */
export function createControlPool(options: PoolOptions & { readonly queryTimeoutMs: number }): pg.Pool {
  return createPool({ ...options, query_timeout: options.queryTimeoutMs });
}

/** For what only reads and must not burden the database: the server ends a query after `queryTimeoutMs` itself, and refuses writes. */
export function createReadPool(options: PoolOptions & { readonly queryTimeoutMs: number }): pg.Pool {
  return createPool({
    ...options,
    query_timeout: options.queryTimeoutMs,
    onConnect: async (client) => {
      await client.query(`SET statement_timeout = ${options.queryTimeoutMs}; SET default_transaction_read_only = on`);
    },
  });
}

function createPool({ url, size, application, onIdleError, ...rest }: PoolOptions & pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: `${application}-${PROCESS}`,
    max: size,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    ...rest,
  });
  // A connection that breaks while idle has already left the pool; unheard, the event would end the process.
  // The pool ends before its connections are closed: a server that stops then cuts what nobody uses.
  pool.on('error', (error) => {
    if (!pool.ending) {
      onIdleError(error);
    }
  });
  return pool;
}

/** Connections of the pool for writes, as they are when scraped, as a gauge of that name. */
export function registerPoolGauge(registry: Registry, name: string, pool: Pool): void {
  new Gauge({
    name,
    help: 'Connections for writes: used, idle; and requests that wait for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.set({ state: 'used' }, pool.totalCount - pool.idleCount);
      this.set({ state: 'idle' }, pool.idleCount);
      this.set({ state: 'waiting' }, pool.waitingCount);
    },
  });
}
