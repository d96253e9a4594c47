import type { PoolClient } from 'pg';
import type { StatusUpdate, Violation } from '../violations/violation.ts';
import type { DetectionRepository, StatusRule } from '../violations/violation-service.ts';
import { type ViolationRow, violationFromRow } from './rows.ts';
import type { Sessions } from './sessions.ts';

/** The new implementation's repository: one transaction in two round trips (lock and read; write and commit). */
export class PostgreSQLDetectionRepository implements DetectionRepository {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
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
      await writeAndCommit(client, update, locked.violation, after);
      return true;
    });
  }
}

type Locked = { readonly violation: Violation; readonly now: Date };

async function beginAndLock(client: PoolClient, violationId: string): Promise<Locked | undefined> {
  const [, { rows }] = await Promise.all([
    client.query(BEGIN),
    client.query<ViolationRow & { now: Date }>({ name: 'domain-lock', text: LOCK, values: [violationId] }),
  ]);
  const row = rows[0];
  return row && { violation: violationFromRow(row), now: row.now };
}

async function writeAndCommit(client: PoolClient, update: StatusUpdate, before: Violation, after: Violation) {
  const values = [
    after.id,
    after.status,
    after.notes,
    after.handledBy,
    after.handledAt,
    after.version,
    update.writeId,
    update.requestId,
    before.status,
    before.notes,
    before.handledBy,
    before.handledAt,
  ];
  const [, commit] = await Promise.all([
    client.query({ name: 'domain-write', text: WRITE, values }),
    client.query(COMMIT),
  ]);
  // A transaction that had failed before answers COMMIT with ROLLBACK, and without an error.
  if (commit.command !== 'COMMIT') {
    throw new Error(`the database answered COMMIT with ${commit.command}`);
  }
}

const BEGIN = { name: 'begin', text: 'BEGIN' };
const COMMIT = { name: 'commit', text: 'COMMIT' };

const LOCK = `
  SELECT id, status, notes, handled_by, handled_at, version, clock_timestamp()::timestamptz(3) AS now
  FROM violations WHERE id = $1 FOR NO KEY UPDATE`;

const WRITE = `
  WITH after AS (
    UPDATE violations SET status = $2, notes = $3, handled_by = $4, handled_at = $5, version = $6 WHERE id = $1
  )
  INSERT INTO violation_status_history (violation_id, version, write_id, request_id, path,
    status_before, status_after, notes_before, notes_after,
    handled_by_before, handled_by_after, handled_at_before, handled_at_after)
  VALUES ($1, $6, $7, $8, 'domain', $9, $2, $10, $3, $11, $4, $12, $5)`;
