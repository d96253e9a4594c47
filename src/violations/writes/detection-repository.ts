import type { PoolClient } from 'pg';
import { runBatch } from '../../kit/postgres/batch.ts';
import type { Status, StatusUpdate, Violation } from '../violation.ts';
import type { DetectionRepository, StatusRule } from '../violation-service.ts';
import type { Sessions } from './sessions.ts';

/** Called with each committed write: what was to be written, and what the database says it wrote. Must neither throw nor wait. */
export type OnWritten = (update: StatusUpdate, expected: Violation, written: Violation | undefined) => void;

/** The new implementation's repository: one transaction in two round trips (lock and read; write and commit). */
export class PostgreSQLDetectionRepository implements DetectionRepository {
  readonly #sessions: Sessions;
  readonly #onWritten: OnWritten;

  constructor(sessions: Sessions, onWritten: OnWritten) {
    this.#sessions = sessions;
    this.#onWritten = onWritten;
  }

  async updateViolationStatus(update: StatusUpdate, rule: StatusRule, signal: AbortSignal): Promise<boolean> {
    return this.#sessions.run(update.writeId, signal, async (client) => {
      const locked = await beginAndLock(client, update.violationId);
      if (locked === undefined) {
        await client.query('ROLLBACK');
        return false;
      }
      const after = rule(locked.violation, locked.now);
      signal.throwIfAborted();
      this.#onWritten(update, after, await writeAndCommit(client, update, locked.violation, after));
      return true;
    });
  }
}

type Locked = { readonly violation: Violation; readonly now: Date };

async function beginAndLock(client: PoolClient, violationId: string): Promise<Locked | undefined> {
  const [, locked] = await runBatch(client, [BEGIN, { ...LOCK, values: [violationId] }]);
  const row = locked?.rows[0];
  return row && { violation: violationFromColumns(row), now: dateFromEpochMs(row[6] as string) };
}

function violationFromColumns(row: readonly (string | null)[]): Violation {
  const [id, status, notes = null, handledBy = null, handledAtMs, version] = row;
  return {
    id: id as string,
    status: status as Status,
    notes,
    handledBy,
    handledAt: handledAtMs ? dateFromEpochMs(handledAtMs) : null,
    version: Number(version),
  };
}

/** @returns the record as the database says it wrote it; undefined where it wrote none. */
async function writeAndCommit(
  client: PoolClient,
  update: StatusUpdate,
  before: Violation,
  after: Violation,
): Promise<Violation | undefined> {
  const values = [
    after.id,
    after.status,
    after.notes,
    after.handledBy,
    after.handledAt?.toISOString() ?? null,
    String(after.version),
    update.writeId,
    update.requestId,
    before.status,
    before.notes,
    before.handledBy,
    before.handledAt?.toISOString() ?? null,
  ];
  const [write, commit] = await runBatch(client, [{ ...WRITE, values }, COMMIT]);
  // A transaction that had failed before answers COMMIT with ROLLBACK, and without an error.
  if (commit?.tag !== 'COMMIT') {
    throw new Error(`the database answered COMMIT with ${commit?.tag}`);
  }
  const row = write?.rows[0];
  return row && violationFromColumns(row);
}

const dateFromEpochMs = (text: string) => new Date(Number(text));

const BEGIN = { name: 'begin', text: 'BEGIN', values: [] };
const COMMIT = { name: 'commit', text: 'COMMIT', values: [] };

const LOCK = {
  name: 'domain-lock',
  text: `
    SELECT id, status, notes, handled_by, (extract(epoch FROM handled_at) * 1000)::bigint, version,
      (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    FROM violations WHERE id = $1 FOR NO KEY UPDATE`,
};

const WRITE = {
  name: 'domain-write',
  text: `
    WITH change AS (
      INSERT INTO violation_status_history (violation_id, version, write_id, request_id, path,
        status_before, status_after, notes_before, notes_after,
        handled_by_before, handled_by_after, handled_at_before, handled_at_after)
      VALUES ($1, $6, $7, $8, 'domain', $9, $2, $10, $3, $11, $4, $12, $5)
    )
    UPDATE violations SET status = $2, notes = $3, handled_by = $4, handled_at = $5, version = $6 WHERE id = $1
    RETURNING id, status, notes, handled_by, (extract(epoch FROM handled_at) * 1000)::bigint, version`,
};
