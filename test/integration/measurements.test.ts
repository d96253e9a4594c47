import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import Koa from 'koa';
import { Pool } from 'pg';
import { pino } from 'pino';
import { stream } from '../../src/controller/api/stream.ts';
import { createMeasuring } from '../../src/controller/engine/measuring.ts';
import { createMeasurementStore } from '../../src/controller/store/measurements.ts';
import { until } from '../../src/dev/until.ts';
import { createHttpServer } from '../../src/kit/http/server.ts';
import { attempts, type Counts, quantileSeconds } from '../../src/rollout/counters.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { pathCounters, reading, replicaReading } from '../support/reading-fixture.ts';
import { statusFixture } from '../support/status-fixture.ts';

const ROLLOUT = 'violation-status';
const START_MS = Date.UTC(2026, 0, 1);

let database: TestDatabase;
let pool: Pool;
let nowMs: number;

before(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
});
after(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  nowMs = START_MS;
  await pool.query('TRUNCATE rollout_measurements');
});

const startMeasuring = () =>
  createMeasuring({ store: createMeasurementStore(pool, ROLLOUT), log: pino({ level: 'silent' }), now: () => nowMs });

/** Looks at a replica each half second for a while. @param from requests it has counted before. */
function watch(measuring: ReturnType<typeof startMeasuring>, seconds: number, from = 0): void {
  for (let look = 0; look <= seconds * 2; look += 1) {
    nowMs += 500;
    const counters = pathCounters({ ok: from + look, slow: 1 });
    measuring.take(reading([replicaReading({ domain: counters, legacy: counters, residentBytes: 1e8 })]), 25, nowMs);
  }
}

const requestsIn = (measuring: ReturnType<typeof startMeasuring>) =>
  measuring.since(0).reduce((sum, { domain }) => sum + attempts(domain), 0);

describe('what was measured', () => {
  test('is there again after a restart, with its percentiles, and nothing of it twice', async () => {
    const first = startMeasuring();
    await first.keep(true);
    watch(first, 120);
    await first.keep(true);
    await first.keep(true);
    await first.close(true);
    const second = startMeasuring();
    await second.keep(true);
    assert.equal(requestsIn(second), 240);
    const p95 = [first, second].map((each) => quantileSeconds(each.total(START_MS, 25)?.domain as Counts, 0.95));
    assert.ok((p95[0] ?? 0) > 0);
    assert.equal(p95[1], p95[0]);
  });

  test('at one percent is never shown for another', () => {
    const measuring = startMeasuring();
    watch(measuring, 1);
    assert.equal(measuring.total(START_MS, 50), undefined);
    assert.ok(measuring.total(START_MS, 25) !== undefined);
  });

  test('of a second controller that only stands by is not stored', async () => {
    const standby = startMeasuring();
    await standby.keep(false);
    watch(standby, 120);
    await standby.keep(false);
    await standby.close(false);
    assert.equal((await pool.query('SELECT FROM rollout_measurements')).rowCount, 0);
  });

  test('before the history could be read stands beside it once it can', async () => {
    const first = startMeasuring();
    await first.keep(true);
    watch(first, 60);
    await first.close(true);
    const second = startMeasuring();
    nowMs += 60_000;
    watch(second, 60, 1_000);
    await second.keep(true);
    await second.close(true);
    assert.equal(requestsIn(second), 240);
  });

  test('waits while the database is away, and is written once it is back', async () => {
    const dead = new Pool({ connectionString: 'postgresql://127.0.0.1:1/nothing', connectionTimeoutMillis: 500 });
    let store = createMeasurementStore(dead, ROLLOUT);
    const measuring = createMeasuring({
      store: {
        append: (all) => store.append(all),
        since: (from) => store.since(from),
        forgetBefore: (at) => store.forgetBefore(at),
      },
      log: pino({ level: 'silent' }),
      now: () => nowMs,
    });
    watch(measuring, 120);
    await measuring.keep(true);
    store = createMeasurementStore(pool, ROLLOUT);
    await measuring.keep(true);
    await measuring.close(true);
    const again = startMeasuring();
    await again.keep(true);
    assert.equal(requestsIn(again), 240);
    await dead.end();
  });
});

test('the stream sends the status at once, then each measurement and event, and lets go of a reader that left', async () => {
  const measuring = startMeasuring();
  const listeners = new Set<(event: never) => void>();
  const clock = createFakeClock();
  const app = new Koa();
  app.use(
    stream({
      statusJson: () => JSON.stringify(statusFixture()),
      measuring,
      clock,
      loop: {
        listen: (listener) => {
          listeners.add(listener as never);
          return () => void listeners.delete(listener as never);
        },
      },
    }).answer,
  );
  const server = createHttpServer();
  server.handle(app.callback());
  const port = await server.listen(0, '127.0.0.1');
  let text = '';
  const request = get({ port, host: '127.0.0.1' }, (response) => {
    assert.equal(response.headers['content-type'], 'text/event-stream');
    response.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    response.on('error', () => {});
  });
  await until('the status is reported', () => /^event: status\ndata: \{.*\}\n\n/.test(text));
  watch(measuring, 4);
  await clock.advance(20);
  await until('a measurement is reported', () => /event: measurement\ndata: \{.*"requests":4/.test(text));
  assert.equal(listeners.size, 1);
  assert.equal(text.split('event: status').length, 2);
  await clock.advance(980);
  await until('the status is reported again', () => text.split('event: status').length === 3);
  request.destroy();
  await until('nobody listens any more', () => listeners.size === 0);
  assert.equal(clock.waiting(), 0);
  await server.close();
});
