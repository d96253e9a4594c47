import assert from 'node:assert/strict';
import { createTestDatabase } from '../../support/database.ts';
import { startTestService } from '../../support/service.ts';
import { watchConnections } from './answers.ts';
import { readOperations } from './document.ts';

export type FuzzedService = Awaited<ReturnType<typeof startFuzzedService>>;

/** The real service over a database of its own; half of the writes go each way. Its end fails where a connection was leaked. */
export async function startFuzzedService() {
  const connections = watchConnections();
  const database = await createTestDatabase();
  const service = await startTestService({
    DATABASE_URL: database.url,
    ROLLOUT_PERCENT: '50',
    FORCE_DOMAIN: 'deny',
    FAULT_INJECTION: 'deny',
    SHADOW_SAMPLE_PERCENT: '0',
  });
  return {
    port: service.port,
    operations: readOperations((await service.get('/openapi.json')).text),
    query: database.query,
    /** How many changes there are in the history. */
    changes: async () => {
      const [row] = await database.query<{ count: string }>('SELECT count(*) FROM violation_status_history');
      return Number(row?.count);
    },
    /** Makes one change. */
    stillWorks: async () => {
      const answer = await service.update(1, 'status=confirmed&notes=still+works');
      assert.equal(answer.status, 200);
      assert.equal((await service.read(1)).json.notes, 'still works');
    },
    [Symbol.asyncDispose]: async () => {
      await service.stop();
      await connections.untilNone(service.port);
      connections.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}
