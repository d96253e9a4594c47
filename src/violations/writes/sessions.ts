import type { Pool, PoolClient } from 'pg';

/**
 * Sessions lend one connection to one write, and remember whose server process served it until the write ended well, so that
 * a lost one can be ended before anything else writes in its place.
 */
export type Sessions = ReturnType<typeof createSessions>;

export function createSessions(pool: Pool) {
  const backends = new Map<string, number>();
  // Queries on a broken connection reject by themselves; the event says nothing more, and unheard would end the process.
  pool.on('connect', (client) => client.on('error', ignore));

  /**
   * Runs `work` on a connection of its own. When it throws, or `signal` is aborted first, the connection is cut and never
   * reused: a transaction whose COMMIT has not been sent can then no longer commit.
   */
  async function run<T>(writeId: string, signal: AbortSignal, work: (client: PoolClient) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const client = await pool.connect();
    if (signal.aborted) {
      client.release();
      throw signal.reason;
    }
    const cut = () => cutConnection(client);
    signal.addEventListener('abort', cut, { once: true });
    backends.set(writeId, backendPid(client));
    try {
      const result = await work(client);
      backends.delete(writeId);
      client.release();
      return result;
    } catch (error) {
      cut();
      client.release(true);
      throw error;
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }

  /** @returns the server process of a write that has not ended well, and forgets it. Every failed write is to be taken. */
  function takeBackend(writeId: string): number | undefined {
    const pid = backends.get(writeId);
    backends.delete(writeId);
    return pid;
  }

  return { run, takeBackend };
}

function ignore(): void {}

// pg has no public call that drops a connection with queries under way, nor a typed one for the pid.
type Internals = { readonly connection: { readonly stream: { destroy(): void } }; readonly processID: number };

function cutConnection(client: PoolClient): void {
  (client as unknown as Internals).connection.stream.destroy();
}

function backendPid(client: PoolClient): number {
  return (client as unknown as Internals).processID;
}
