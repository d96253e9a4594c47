import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { type Answer, send } from '../support/http.ts';
import { fixedAt, startSystem } from '../support/system/system.ts';

const system = await startSystem({ replicas: 0, env: fixedAt(0) });
const { database } = system;
after(() => system[Symbol.asyncDispose]());

test('answers requests beyond MAX_IN_FLIGHT with 503 and Retry-After at once, and serves again when there is room', async () => {
  await using service = await system.startReplica({ MAX_IN_FLIGHT: '5' });
  await service.setFaults({ legacy: { delayMs: 300 } });
  const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => service.update(at + 1, 'status=confirmed')));
  assert.equal(answers.filter(({ status }) => status === 200).length, 5);
  for (const refused of answers.filter(({ status }) => status !== 200)) {
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1']);
    assert.match(refused.json.detail, /5 requests under way/);
  }
  await service.setFaults({});
  assert.equal((await service.update(1, 'status=confirmed')).status, 200);
});

test('stays ready while all its write connections are busy: the database does answer', async () => {
  await using service = await system.startReplica({ DATABASE_POOL: '1' });
  const other = await database.connect();
  await other.query('BEGIN');
  await other.query('SELECT FROM violations WHERE id = 900 FOR UPDATE');
  const blocked = service.update(900, 'status=confirmed');
  await until(
    'the write waits',
    async () => (await database.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length > 0,
  );
  assert.equal((await service.admin('/readyz')).status, 200);
  await other.query('ROLLBACK');
  assert.equal((await blocked).status, 200);
});

test('SIGTERM under load loses nothing: each request that was taken is answered, each 200 is written once', async () => {
  const child = spawn(process.execPath, ['src/service.ts'], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      ADMIN_PORT: '0',
      DATABASE_URL: database.url,
      FLAG_PROVIDER: 'env',
      ROLLOUT_PERCENT: '50',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Not 'exit': that may come before the last of the log was read.
  const closed = once(child, 'close');
  const lines: string[] = [];
  const serving = Promise.withResolvers<{ port: number; admin_port: number }>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    const parsed = JSON.parse(line);
    if (parsed.msg === 'serving') {
      serving.resolve(parsed);
    }
  });
  const { port, admin_port } = await serving.promise;

  const answers: Answer[] = [];
  const lost: Error[] = [];
  let refusedNewConnections = 0;
  const clients = Array.from({ length: 20 }, async (_, client) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let call = 0; refusedNewConnections < 20; call += 1) {
      const id = 1 + ((client * 50 + call) % 1_000);
      const headers = { 'X-Request-Id': `client-${client}-${call}` };
      try {
        answers.push(
          await send({
            method: 'PUT',
            port,
            path: `/api/v1/records/violations/${id}/status?status=resolved`,
            headers,
            agent,
          }),
        );
      } catch (error) {
        // A refused connection took no request; anything else is a request that was lost.
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') {
          lost.push(error as Error);
        }
        refusedNewConnections += 1;
        break;
      }
    }
    agent.destroy();
  });
  await until('there is load', () => answers.length > 200);
  child.kill('SIGTERM');
  await until(
    'it is unready while it still answers',
    async () => (await send({ method: 'GET', port: admin_port, path: '/readyz' })).status === 503,
  );
  const whenUnready = answers.length;
  await Promise.all(clients);
  const [code] = await closed;

  assert.equal(code, 0);
  assert.deepEqual(lost, []);
  assert.ok(answers.length > whenUnready, 'requests were served on while it was leaving');
  assert.ok(answers.every(({ status }) => status === 200));
  const [written] = await database.query<{ count: number }>(
    "SELECT count(*)::int FROM violation_status_history WHERE request_id LIKE 'client-%'",
  );
  assert.equal(written?.count, answers.length);
  assert.equal(JSON.parse(lines.at(-1) as string).msg, 'stopped', 'its last line reached the log');
});

test('a wrong setting stops the process, with each variable, what came and what is allowed', async () => {
  const child = spawn(process.execPath, ['src/service.ts'], {
    env: {
      PATH: process.env.PATH,
      PORT: 'http',
      ROLLOUT_PERCENT: '7.5',
      USE_DOMAIN_SERVICE: 'no',
      DATABASE_URL: 'mysql://root:secret@db',
    },
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.deepEqual(said.trim().split('\n'), [
    'PORT is wrong: it is "http"; allowed: a whole number from 0 to 65535.',
    'DATABASE_URL is wrong: it is a value of another form; allowed: postgresql://user:password@host:port/database.',
    'USE_DOMAIN_SERVICE is wrong: it is "no"; allowed: true, false.',
    'ROLLOUT_PERCENT is wrong: it is "7.5"; allowed: a whole number from 0 to 100.',
  ]);
});
