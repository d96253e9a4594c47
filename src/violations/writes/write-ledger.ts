import type { Pool } from 'pg';
import type { Path } from '../../routing/path.ts';
import type { Sessions } from './sessions.ts';

/** How long the server may take to end a process that still holds a lost write. */
const TERMINATE_MS = 300;

/**
 * Says what became of a write whose answer was lost.
 * @returns the path that applied it, or undefined where nothing has.
 * @throws where the database cannot say.
 */
export function createWriteLedger(control: Pool, sessions: Sessions) {
  return async function settle(writeId: string): Promise<Path | undefined> {
    const pid = sessions.takeBackend(writeId);
    if (pid !== undefined) {
      await control.query(END_BACKEND, [pid, TERMINATE_MS]);
    }
    const { rows } = await control.query<{ path: Path }>(FIND_WRITE, [writeId]);
    return rows[0]?.path;
  };
}

// The cut connection's process may be waiting for a lock, or be at its COMMIT, without having noticed. Ending it frees the
// row, and makes the look-up final. Process ids are reused: only one of this program's own may be ended.
const END_BACKEND = `
  SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity
  WHERE pid = $1 AND usename = current_user AND application_name = current_setting('application_name')`;

const FIND_WRITE = `SELECT path FROM violation_status_history WHERE write_id = $1`;
