import assert from 'node:assert/strict';
import { fixedAt, startSystem } from '../../support/system/system.ts';
import { watchConnections } from './answers.ts';
import { readOperations } from './document.ts';

export type FuzzedService = Awaited<ReturnType<typeof startFuzzedService>>;

/** The real service over a database of its own; half of the writes go each way. Its end fails where a connection was leaked. */
export async function startFuzzedService() {
  await using started = new AsyncDisposableStack();
  const connections = watchConnections();
  started.defer(() => void connections.stop());
  const env = { ...fixedAt(50), FORCE_DOMAIN: 'deny', FAULT_INJECTION: 'deny', SHADOW_SAMPLE_PERCENT: '0' };
  const { database, service } = started.use(await startSystem({ env }));
  started.defer(() => connections.untilNone(service.port));
  started.use(service);
  const operations = readOperations((await service.get('/openapi.json')).text);
  const resources = started.move();
  return {
    port: service.port,
    operations,
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
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
