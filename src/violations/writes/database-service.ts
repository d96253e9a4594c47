import pg from 'pg';
import { runBatch } from '../../kit/postgres/batch.ts';
import type { StatusUpdate, UpdateOutcome } from '../violation.ts';
import type { Sessions } from './sessions.ts';

/** The old implementation of the status update: one plain UPDATE. */
export class DatabaseService {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** @returns `already-applied` where the same write was committed before: the database then refuses it a second time. */
  async updateViolationStatus(
    update: StatusUpdate,
    signal: AbortSignal,
  ): Promise<UpdateOutcome | { readonly kind: 'already-applied' }> {
    const values = [
      update.violationId,
      update.status,
      update.notes ?? null,
      update.handledBy ?? null,
      update.writeId,
      update.requestId,
    ];
    try {
      return await this.#sessions.run(update.writeId, signal, async (client) => {
        const [result] = await runBatch(client, [{ name: 'legacy-update', text: LEGACY_UPDATE, values }]);
        return result?.tag === 'INSERT 0 1' ? { kind: 'updated' } : { kind: 'not-found' };
      });
    } catch (error) {
      if (!isWrittenBefore(error)) {
        throw error;
      }
      // The database has answered: there is nothing to look up, and no process to end.
      this.#sessions.takeBackend(update.writeId);
      return { kind: 'already-applied' };
    }
  }
}

function isWrittenBefore(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.constraint === 'violation_status_history_write_once';
}

// The old system's UPDATE, with its history row in the same statement: one round trip, and both or neither.
// `before` locks the row first, so that it shows what this change replaced, also among concurrent writers.
export const LEGACY_UPDATE = `
  WITH before AS (
    SELECT id, status, notes, handled_by, handled_at FROM violations WHERE id = $1 FOR NO KEY UPDATE
  ), after AS (
    UPDATE violations AS v
    SET status = $2, notes = COALESCE($3, v.notes), handled_by = COALESCE($4, v.handled_by),
        handled_at = GREATEST(clock_timestamp(), v.handled_at), version = v.version + 1
    FROM before WHERE v.id = before.id
    RETURNING v.id, v.version, before.status AS status_before, v.status, before.notes AS notes_before, v.notes,
      before.handled_by AS handled_by_before, v.handled_by, before.handled_at AS handled_at_before, v.handled_at
  )
  INSERT INTO violation_status_history (violation_id, version, write_id, request_id, path,
    status_before, status_after, notes_before, notes_after,
    handled_by_before, handled_by_after, handled_at_before, handled_at_after)
  SELECT id, version, $5, $6, 'legacy', status_before, status, notes_before, notes,
    handled_by_before, handled_by, handled_at_before, handled_at
  FROM after`;
