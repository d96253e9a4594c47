import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import type { Answer } from '../support/http.ts';
import type { Replica } from '../support/system/replica.ts';
import { fixedAt, startSystem } from '../support/system/system.ts';

/** Each test has its own record and its own service, behind a proxy of its own, with everybody on domain. */
const system = await startSystem({ replicas: 0 });
const { database } = system;
after(() => system[Symbol.asyncDispose]());
let proxy: DatabaseProxy;
let service: Replica;
let id = 0;

beforeEach(async () => {
  id += 1;
  proxy = await startDatabaseProxy(database.url);
  service = await start({});
});
afterEach(async () => {
  await service.stop();
  await proxy[Symbol.asyncDispose]();
});

function start(env: Record<string, string>): Promise<Replica> {
  return system.startReplica({
    ...fixedAt(100),
    DATABASE_URL: proxy.url,
    DOMAIN_TIMEOUT_MS: '300',
    DATABASE_POOL: '4',
    ...env,
  });
}

async function restart(env: Record<string, string>): Promise<void> {
  await service.stop();
  service = await start(env);
}

async function assertAnsweredByFallback(answer: Answer, reason: string): Promise<void> {
  assert.equal(answer.status, 200);
  assert.deepEqual(
    [answer.headers['rollout-path'], answer.headers['rollout-decision']],
    ['legacy', 'fallback'],
    'legacy answered',
  );
  assert.deepEqual(await writtenBy(), ['legacy']);
  assert.equal(await service.metric('sluice_fallbacks_total', { reason }), 1);
  assert.equal(await service.metric('sluice_path_requests_total', { path: 'domain', outcome: 'error' }), 1);
  assert.equal(await service.metric('sluice_path_requests_total', { path: 'legacy', outcome: 'ok' }), 1);
}

/** The paths that applied a change to the test's record, which must agree with the record. */
async function writtenBy(): Promise<string[]> {
  const rows = await database.history(id);
  const [record] = await database.query<{ version: number; status: string }>(
    'SELECT version, status FROM violations WHERE id = $1',
    [id],
  );
  assert.equal(record?.version, rows.length, 'the record counts what the history has');
  assert.equal(record?.status, rows.at(-1)?.status_after ?? 'pending');
  return rows.map((row) => row.path);
}

/** What the COMMIT of a domain write looks like on the wire: a Bind of the prepared statement of that name. */
const isDomainCommit = (chunk: Buffer) => chunk.includes('commit\0') || chunk.includes('COMMIT');

describe('the domain path', () => {
  test('throwing: legacy answers, once', async () => {
    await service.setFaults({ domain: { errorPercent: 100 } });
    await assertAnsweredByFallback(await service.update(id, 'status=confirmed'), 'error');
  });

  test('hanging: legacy answers after DOMAIN_TIMEOUT_MS, once', async () => {
    await service.setFaults({ domain: { delayMs: 60_000 } });
    await assertAnsweredByFallback(await service.update(id, 'status=confirmed'), 'timeout');
  });

  test('forced and failing: legacy answers too', async () => {
    await service.setFaults({ domain: { errorPercent: 100 } });
    await assertAnsweredByFallback(await service.update(id, 'status=confirmed&force_domain=true'), 'error');
  });

  test('whose repository cannot update: legacy answers every time, and the breaker stays out of it', async () => {
    await restart({ REPOSITORY_TYPE: 'json' });
    for (let call = 0; call < 5; call += 1) {
      const answer = await service.update(id, 'status=confirmed');
      assert.deepEqual([answer.status, answer.headers['rollout-decision']], [200, 'fallback']);
    }
    assert.equal(await service.metric('sluice_fallbacks_total', { reason: 'unsupported' }), 5);
    assert.equal(await service.metric('sluice_path_requests_total', { path: 'domain', outcome: 'error' }), 5);
    assert.deepEqual(new Set(await writtenBy()), new Set(['legacy']));
  });

  test('stuck in its transaction, the row locked: it is ended, and legacy writes', async () => {
    // The lock request reaches the server; its answer never comes back. The transaction stays open, holding the row.
    const dropped = Promise.withResolvers<void>();
    proxy.toClient = (chunk, { pass }) => {
      if (chunk.includes('pending')) {
        dropped.resolve();
      } else {
        pass();
      }
    };
    const update = service.update(id, 'status=confirmed');
    await dropped.promise;
    proxy.toClient = undefined;
    await assertAnsweredByFallback(await update, 'timeout');
  });

  test('waiting for a lock that somebody else holds: a clean answer, and nothing written later', async () => {
    const other = await database.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM violations WHERE id = $1 FOR UPDATE', [id]);
    const update = service.update(id, 'status=confirmed');
    await until(
      'legacy waits for the lock',
      async () => (await service.metric('sluice_fallbacks_total', { reason: 'timeout' })) === 1,
    );
    await other.query('ROLLBACK');
    await assertAnsweredByFallback(await update, 'timeout');
  });

  test('cut before its COMMIT arrives: it is not applied, and legacy writes', async () => {
    let cuts = 0;
    proxy.toServer = (chunk, { cut, pass }) => {
      if (cuts === 0 && isDomainCommit(chunk)) {
        cuts += 1;
        cut();
      } else {
        pass();
      }
    };
    await assertAnsweredByFallback(await service.update(id, 'status=confirmed'), 'error');
    assert.equal(cuts, 1);
  });

  test('cut after its COMMIT was applied: it is found by its write id, and legacy does not write', async () => {
    let cuts = 0;
    proxy.toClient = (chunk, { cut, pass }) => {
      if (cuts === 0 && chunk.includes('COMMIT\0')) {
        cuts += 1;
        cut();
      } else {
        pass();
      }
    };
    const answer = await service.update(id, 'status=confirmed');
    assert.equal(cuts, 1);
    assert.deepEqual([answer.status, answer.headers['rollout-path']], [200, 'domain']);
    assert.deepEqual(await writtenBy(), ['domain']);
    assert.equal(await service.metric('sluice_path_requests_total', { path: 'domain', outcome: 'error' }), 1);
    assert.equal(await service.metric('sluice_path_requests_total', { path: 'legacy', outcome: 'ok' }), 0);
  });

  test('late with the answer to its COMMIT: the look-up finds it, and legacy does not write', async () => {
    let held = 0;
    proxy.toClient = (chunk, { pass }) => {
      if (held === 0 && chunk.includes('COMMIT\0')) {
        held += 1;
      } else {
        pass();
      }
    };
    const answer = await service.update(id, 'status=confirmed');
    assert.equal(held, 1);
    assert.deepEqual([answer.status, answer.headers['rollout-path']], [200, 'domain']);
    assert.deepEqual(await writtenBy(), ['domain']);
  });

  test('failing three times in a row: the breaker sends everybody to legacy, without trying domain', async () => {
    await service.setFaults({ domain: { errorPercent: 100 } });
    for (let call = 0; call < 3; call += 1) {
      assert.equal((await service.update(id, 'status=confirmed')).headers['rollout-decision'], 'fallback');
    }
    assert.equal(await service.metric('sluice_breaker_open'), 1);
    for (let call = 0; call < 5; call += 1) {
      const { status, headers } = await service.update(id, 'status=confirmed');
      assert.deepEqual([status, headers['rollout-path'], headers['rollout-decision']], [200, 'legacy', 'breaker']);
    }
    assert.equal(await service.metric('sluice_path_requests_total', { path: 'domain', outcome: 'error' }), 3);
    assert.equal(await service.metric('sluice_decisions_total', { path: 'legacy', decision: 'breaker' }), 5);
  });
});

describe('the legacy path', () => {
  test('cut after its change was applied: it is found by its write id, and the client gets its 200', async () => {
    let cuts = 0;
    proxy.toClient = (chunk, { cut, pass }) => {
      if (cuts === 0 && chunk.includes('INSERT 0 1')) {
        cuts += 1;
        cut();
      } else {
        pass();
      }
    };
    const answer = await service.update(id, 'status=confirmed&force_domain=false');
    assert.equal(cuts, 1);
    assert.deepEqual([answer.status, answer.headers['rollout-path']], [200, 'legacy']);
    assert.deepEqual(await writtenBy(), ['legacy']);
  });

  test('failing after domain has failed: a clean 503, and nothing written', async () => {
    await service.setFaults({ domain: { errorPercent: 100 }, legacy: { errorPercent: 100 } });
    const answer = await service.update(id, 'status=confirmed');
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '1');
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    assert.deepEqual([answer.headers['rollout-path'], answer.headers['rollout-decision']], ['legacy', 'fallback']);
    assert.doesNotMatch(answer.text, /injected| at /);
    assert.deepEqual(await writtenBy(), []);
  });
});

describe('the database', () => {
  test('away at start: alive but not ready, clean 503s; once it is there, everything works without a restart', async () => {
    await service.stop();
    await proxy.goAway();
    service = await start({});
    assert.equal((await service.admin('/livez')).status, 200);
    assert.equal((await service.admin('/readyz')).status, 503);
    const refused = await service.update(id, 'status=confirmed');
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1']);
    assert.equal((await service.read(id)).status, 503);

    await proxy.comeBack();
    assert.equal((await service.admin('/readyz')).status, 200);
    assert.equal((await service.update(id, 'status=confirmed')).status, 200);
  });

  test('not migrated yet: not ready; ready once it is', async () => {
    await database.query('ALTER TABLE violation_status_history RENAME TO not_there_yet');
    assert.equal((await service.admin('/readyz')).status, 503);
    await database.query('ALTER TABLE not_there_yet RENAME TO violation_status_history');
    assert.equal((await service.admin('/readyz')).status, 200);
  });

  test('going away under load: 200s and clean 503s only; every 200 is written once, and no connection is leaked', async () => {
    const answers: Answer[] = [];
    let running = true;
    const clients = Array.from({ length: 20 }, async () => {
      while (running) {
        answers.push(await service.update(id, 'status=confirmed'));
      }
    });
    const answered = (status: number, atLeast: number) =>
      until(
        `${atLeast} answers of ${status}`,
        () => answers.filter((answer) => answer.status === status).length >= atLeast,
      );
    await answered(200, 50);
    await proxy.goAway();
    await answered(503, 50);
    assert.equal((await service.admin('/readyz')).status, 503);
    await proxy.comeBack();
    const before = answers.length;
    await until('writes go on', () => answers.slice(before).filter((answer) => answer.status === 200).length >= 100);
    running = false;
    await Promise.all(clients);

    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 503]));
    const written = await writtenBy();
    const acknowledged = answers.filter(({ status }) => status === 200).length;
    // A write may be applied though its client got 503, when the connection broke right then: never the reverse.
    assert.ok(
      written.length >= acknowledged && written.length <= acknowledged + 20,
      `${written.length} written, ${acknowledged} acknowledged`,
    );
    assert.equal((await service.admin('/readyz')).status, 200);
    const [open] = await database.query<{ count: number }>(
      "SELECT count(*)::int FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() AND state <> 'idle'",
      [database.name],
    );
    assert.equal(open?.count, 0, 'no transaction is left open');
  });

  test('slower than the domain timeout: the answers are 200s and clean 503s, and a write is applied at most once', async () => {
    proxy.toServer = (_chunk, { pass }) => {
      setTimeout(pass, 200);
    };
    const answer = await service.update(id, 'status=confirmed');
    assert.ok([200, 503].includes(answer.status), String(answer.status));
    const written = await writtenBy();
    assert.equal(written.length, 1);
  });
});
