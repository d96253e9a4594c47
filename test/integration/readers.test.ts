import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { HistoryAnswer } from '../../src/contract/schemas.ts';
import { until } from '../../src/dev/until.ts';
import { createReadPool } from '../../src/kit/postgres/pool.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import type { Controller } from '../support/system/controller.ts';
import { FLAG } from '../support/system/flags.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages: [{ percent: 50, observe: 10m }]
guards: [{ name: errors, measure: error-rate, limit: 1%, onBreach: off }]
`;

/** The threads that were begun, by the controller: nothing else here has any. */
let threads: Worker[];
const onThread = (thread: Worker) => threads.push(thread);
let system: SystemHere;
let proxy: DatabaseProxy;
let controller: Controller;
beforeEach(async () => {
  threads = [];
  process.on('worker', onThread);
  system = await startSystem();
  proxy = system.use(await startDatabaseProxy(system.database.url));
  controller = await system.startController({ plan: PLAN, env: { DATABASE_URL: proxy.url } });
  await controller.untilReady();
});
afterEach(async () => {
  await system[Symbol.asyncDispose]();
  process.off('worker', onThread);
});

const PATHS = ['report?format=html', 'history', 'measurements'];
const historyNow = async () => (await controller.get('/api/history?limit=100')).json as HistoryAnswer;

test('reports, history and measurements are worked out in one thread, which nobody has who is not read', async () => {
  assert.equal(threads.length, 0);
  const answers = await Promise.all(Array.from({ length: 51 }, (_, at) => controller.get(`/api/${PATHS[at % 3]}`)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(new Set(answers.map(({ text }) => text)).size, 3);
  assert.equal(threads.length, 1);
});

test('what was just done is in the history and the report at once, though both are kept for seconds', async () => {
  await historyNow();
  await controller.get('/api/report');
  await controller.command('start');
  const { events } = await historyNow();
  assert.ok(events.some(({ kind, to }) => kind === 'started' && to === 50));
  assert.match((await controller.get('/api/report')).text, /Started at 50 %/);
});

test('a thread that ended has a successor, which knows all that the first one knew', async () => {
  await controller.command('start');
  await controller.untilJournal('started', 50);
  const before = await historyNow();
  await threads[0]?.terminate();
  const after = (await controller.get('/api/history?limit=99')).json as HistoryAnswer;
  assert.deepEqual(after, before);
  assert.equal(threads.length, 2);
});

test('the database ends a query of theirs that takes too long, and refuses one that writes', async () => {
  const pool = createReadPool({
    application: 'test',
    url: system.database.url,
    size: 1,
    queryTimeoutMs: 200,
    onIdleError: () => {},
  });
  try {
    await assert.rejects(pool.query('DELETE FROM rollout_measurements'), { code: '25006' });
    const ended = await pool.query('SELECT pg_sleep(20)').catch((error) => error);
    assert.match(ended.message, /timeout/);
    await until(
      'the server has ended it',
      async () => {
        const running = await system.database.query(
          "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)' AND state = 'active'",
        );
        return running.length === 0;
      },
      2_000,
    );
  } finally {
    await pool.end();
  }
});

test('while the database hangs, what this controller recorded is read, and a reader that waits keeps nobody else out', async () => {
  await controller.command('start');
  await historyNow();
  proxy.toServer = () => {};
  const waiting = controller.get('/api/history?limit=10');
  const asked = performance.now();
  assert.equal((await controller.get('/livez')).status, 200);
  assert.equal((await controller.ask('rollback')).status, 200);
  assert.ok(performance.now() - asked < 2_000);
  assert.equal(((await waiting).json as HistoryAnswer).journal, 'away');
  const { events } = await historyNow();
  assert.deepEqual(events.find(({ kind }) => kind === 'rolled-back')?.id, null);
});
