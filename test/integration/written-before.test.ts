import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createWritePool } from '../../src/kit/postgres/pool.ts';
import { DatabaseService } from '../../src/violations/writes/database-service.ts';
import { createSessions } from '../../src/violations/writes/sessions.ts';
import { createTestDatabase } from '../support/database.ts';

test('after a write that was found to be applied already, the next one on that connection is done', async () => {
  await using database = await createTestDatabase();
  const open = () => {
    const pool = createWritePool({ application: 'test', url: database.url, size: 1, onIdleError: () => {} });
    const legacy = new DatabaseService(createSessions(pool));
    const write = (writeId: string) =>
      legacy.updateViolationStatus(
        { violationId: '1', status: 'confirmed', requestId: 'r', writeId },
        new AbortController().signal,
      );
    return { pool, write };
  };
  const [first, second] = [open(), open()];
  try {
    const writeId = randomUUID();
    assert.deepEqual(await first.write(writeId), { kind: 'updated' });
    assert.deepEqual(await second.write(writeId), { kind: 'already-applied' });
    assert.deepEqual(await second.write(randomUUID()), { kind: 'updated' });
  } finally {
    await Promise.all([first.pool.end(), second.pool.end()]);
  }
});
