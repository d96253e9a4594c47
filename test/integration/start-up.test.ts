import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { until } from '../../src/dev/until.ts';
import { createService, type Service } from '../../src/service/create-service.ts';
import { readServiceSettings } from '../../src/service/settings.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const run = promisify(execFile);

let database: TestDatabase;
before(async () => {
  database = await createTestDatabase();
});
after(() => database[Symbol.asyncDispose]());

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function start(file: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  try {
    const { stdout, stderr } = await run(process.execPath, [file], { env: { PATH: process.env.PATH, ...env } });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Ended;
  }
}

const CONTROLLER = {
  CONTROLLER_PORT: '0',
  SLUICE_TOKEN: 'a-token-of-some-length',
  SCRAPE_TARGETS: '127.0.0.1:1',
  FLAGS_FILE: 'no-such-file.json',
};

for (const [file, env] of [
  ['src/service.ts', { PORT: '0', ADMIN_PORT: '0' }],
  ['src/controller.ts', CONTROLLER],
  ['src/migrate.ts', {}],
] as const) {
  test(`${file} with a DATABASE_URL that can never lead to a server ends with 1, and one line that names it`, async () => {
    const ended = await start(file, { ...env, DATABASE_URL: 'postgresql://user:hunter2@host:99999/database' });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^DATABASE_URL is wrong: it cannot be read: .*\n$/);
    assert.ok(!ended.stderr.includes('hunter2'));
    assert.equal(ended.stdout, '');
  });
}

test('the controller with a target that is none ends with 1, and one line that names it', async () => {
  const ended = await start('src/controller.ts', {
    ...CONTROLLER,
    DATABASE_URL: database.url,
    SCRAPE_TARGETS: '127.0.0.1:8081,nonsense',
  });
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /^SCRAPE_TARGETS is wrong: it names "nonsense"; allowed: host:port, .*\n$/);
});

test('a port in use ends the program with 1, and one line that says which', async () => {
  const other = createServer().listen(0);
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  try {
    for (const env of [
      { PORT: String(port), ADMIN_PORT: '0' },
      { PORT: '0', ADMIN_PORT: String(port) },
    ]) {
      const ended = await start('src/service.ts', { ...env, DATABASE_URL: database.url, FLAG_PROVIDER: 'env' });
      assert.equal(ended.code, 1);
      assert.equal(ended.stderr, `Port ${port} is in use by another program. End that one, or choose another port.\n`);
    }
  } finally {
    other.close();
  }
});

test('a service whose database refuses it is unready, says why once, and shows no stack at any probe', async () => {
  const url = new URL(database.url);
  url.pathname = '/no_such_database';
  await using running = await startService(url.href);
  for (let probe = 0; probe < 5; probe += 1) {
    const response = await fetch(`http://127.0.0.1:${running.adminPort}/readyz`);
    assert.equal(response.status, 503);
    assert.equal(await response.text(), 'not ready\n');
  }
  const said = running.lines.filter(({ msg }) => msg === 'not ready');
  assert.equal(said.length, 1);
  assert.match(said[0]?.why ?? '', /^the database of DATABASE_URL: database "no_such_database" does not exist$/);
  assert.ok(running.lines.every((line) => !JSON.stringify(line).includes('    at ')));
});

test('a service whose database has no tables yet says so once, and is ready as soon as they are there', async () => {
  await using running = await startService(database.url);
  const probe = async () => (await fetch(`http://127.0.0.1:${running.adminPort}/readyz`)).status;
  await database.query('ALTER TABLE violation_status_history RENAME TO elsewhere');
  try {
    assert.deepEqual([await probe(), await probe()], [503, 503]);
  } finally {
    await database.query('ALTER TABLE elsewhere RENAME TO violation_status_history');
  }
  await until('it is ready', async () => (await probe()) === 200);
  assert.deepEqual(
    running.lines.flatMap(({ msg, why }) => (/ready/.test(msg) ? [why ?? msg] : [])),
    ['the database of DATABASE_URL has no table violation_status_history: run npm run migrate on it', 'ready again'],
  );
});

type Line = { readonly msg: string; readonly why?: string };

async function startService(
  databaseUrl: string,
): Promise<AsyncDisposable & { readonly adminPort: number; readonly lines: readonly Line[] }> {
  const lines: Line[] = [];
  const log = pino({ base: null }, { write: (text) => void lines.push(JSON.parse(text)) });
  const settings = readServiceSettings({
    DATABASE_URL: databaseUrl,
    FLAG_PROVIDER: 'env',
    PORT: '0',
    ADMIN_PORT: '0',
  });
  const service: Service = createService(settings, log, '127.0.0.1');
  const { adminPort } = await service.start();
  return { adminPort, lines, [Symbol.asyncDispose]: service.stop };
}
