import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import type { EventAnswer, StatusAnswer } from '../../src/contract/schemas.ts';
import { createController } from '../../src/controller/create-controller.ts';
import { readControllerSettings } from '../../src/controller/settings.ts';
import { startFlagServer } from '../../src/dev/embedded/flag-server.ts';
import { freePort } from '../../src/dev/embedded/flagd.ts';
import { ensureFlagsFile } from '../../src/dev/embedded/flags-file.ts';
import { until } from '../../src/dev/until.ts';
import { parsePlan } from '../../src/rollout/plan.ts';
import type { CheckResult } from '../../src/verify/run.ts';
import { startCli } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTestService, type TestService } from '../support/service.ts';

const FLAG = 'violation-status-domain-percent';
const TOKEN = 'a-token-for-tests-only';
const plan = (stage: string) => `
rollout: violation-status
flag: ${FLAG}
stages:
  - { percent: 50,  ${stage} }
  - { percent: 100, observe: 1h }
guards:
  - { name: errors, measure: error-rate, limit: 50%, onBreach: off }
minSamples: 1
`;

let stack: AsyncDisposableStack;
let database: TestDatabase;
let service: TestService;
let url: string;
let startController: (stage: string) => Promise<void>;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-verify-'));
  stack.defer(() => rm(directory, { recursive: true }));
  database = stack.use(await createTestDatabase());
  const file = join(directory, 'flags.json');
  await ensureFlagsFile(file, FLAG);
  const flags = await startFlagServer(file, 0, () => {});
  stack.defer(flags.stop);
  const env = { FLAG_PROVIDER: 'flagd', FLAGD_HOST: '127.0.0.1', FLAGD_PORT: String(flags.port) };
  service = stack.use(await startTestService({ DATABASE_URL: database.url, ...env, FORCE_DOMAIN: 'deny' }));
  startController = async (stage) => {
    const settings = readControllerSettings({
      CONTROLLER_PORT: '0',
      DATABASE_URL: database.url,
      SLUICE_TOKEN: TOKEN,
      SCRAPE_TARGETS: `127.0.0.1:${service.adminPort}`,
      FLAGS_FILE: file,
      TICK_MS: '50',
    });
    const controller = await createController(settings, parsePlan(plan(stage)), pino({ level: 'silent' }), '127.0.0.1');
    stack.defer(controller.stop);
    url = `http://127.0.0.1:${(await controller.start()).port}/`;
    await until('it may raise', async () => (await status()).controller.noRaise === null);
  };
});
afterEach(() => stack.disposeAsync());

const json = async <T>(path: string) => (await (await fetch(`${url}${path}`)).json()) as T;
const status = () => json<StatusAnswer>('api/status');
const verifications = async () =>
  (await json<{ events: EventAnswer[] }>('api/history?limit=100')).events.filter(({ kind }) => kind === 'verified');

async function begin(): Promise<void> {
  const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
  const body = JSON.stringify({ command: 'start', actor: 'ana', reason: 'a test' });
  assert.equal((await fetch(`${url}api/commands`, { method: 'POST', headers, body })).status, 200);
  await until('50 % is served', async () => (await service.metric('sluice_flag_percent')) === 50);
}

const databaseOf = (args: readonly string[]) => (args.includes('--record') ? {} : { DATABASE_URL: database.url });

/** The command in JSON. */
function start(...more: string[]) {
  const target = `http://127.0.0.1:${service.port}`;
  const env = { USER: 'ana', SLUICE_URL: url, SLUICE_TOKEN: TOKEN, ...databaseOf(more) };
  return startCli(['verify', '--target', target, '--json', ...more], env);
}

async function verify(...more: string[]) {
  const { code, out, err } = await start(...more).ended;
  assert.equal(err, '');
  const { checks, journal } = JSON.parse(out) as { checks: CheckResult[]; journal: string };
  return { code, checks, journal, failed: checks.filter(({ result }) => result === 'failed') };
}

/** What was made for the checks is above 2^53; violations of people are not. */
async function leftBehind(): Promise<number> {
  const left = await database.query('SELECT 1 FROM violations WHERE id > 9007199254740992');
  const history = await database.query('SELECT 1 FROM violation_status_history WHERE violation_id > 9007199254740992');
  return left.length + history.length;
}

test('checks both paths without forcing any, leaves nothing behind, and the journal of the stage has it', async () => {
  await startController('observe: 1h');
  await begin();
  const { code, checks, journal, failed } = await verify();
  assert.deepEqual([code, failed, journal], [0, [], 'the journal has it']);
  for (const path of ['domain', 'legacy']) {
    assert.ok(checks.filter((check) => check.path === path && check.result === 'passed').length >= 13, path);
  }
  assert.deepEqual(
    checks.filter(({ result }) => result === 'skipped').map(({ name }) => name),
    ['fallback: legacy answers where domain fails'],
  );
  assert.equal(await leftBehind(), 0);
  const [event] = await verifications();
  assert.deepEqual([event?.to, event?.actor.startsWith('ana')], [50, true]);
  assert.equal((await status()).state.verified, 'passed');
  assert.deepEqual((await verify('--path', 'legacy')).failed, []);
  assert.equal((await status()).state.verified, 'passed', 'legacy alone says nothing of domain');
});

test('checks the fallback where faults are allowed, and ends the fault', async () => {
  await startController('observe: 1h');
  await begin();
  const { checks } = await verify('--path', 'domain', '--admin', `http://127.0.0.1:${service.adminPort}`);
  assert.equal(checks.find(({ name }) => name.startsWith('fallback'))?.result, 'passed');
  const again = await verify('--path', 'domain');
  assert.deepEqual(again.failed, []);
});

test('interrupted while domain is made to fail, ends the fault, leaves no record, and tells the journal nothing', async () => {
  await startController('observe: 1h');
  await begin();
  const asked: (string | undefined)[] = [];
  const admin = createServer(({ method }, response) => {
    asked.push(method);
    if (method === 'PUT') {
      run.child.kill('SIGINT');
    } else {
      response.end('{}');
    }
  });
  stack.defer(() => void admin.close().closeAllConnections());
  await once(admin.listen(0, '127.0.0.1'), 'listening');
  const run = start('--path', 'domain', '--admin', `http://127.0.0.1:${(admin.address() as AddressInfo).port}`);
  const { code, err } = await run.ended;
  assert.deepEqual([code, asked], [1, ['PUT', 'DELETE']]);
  assert.match(err, /^error: Interrupted/);
  assert.deepEqual([await leftBehind(), await verifications()], [0, []]);
});

test('an admin port that does not answer is a failed check of the fallback, and the other checks stand', async () => {
  await startController('observe: 1h');
  await begin();
  const port = await freePort();
  const { code, checks, failed } = await verify('--path', 'domain', '--admin', `http://127.0.0.1:${port}`);
  assert.deepEqual([code, failed.length, checks.length > 10], [7, 1, true]);
  assert.match(failed[0]?.detail ?? '', /^ECONNREFUSED; .*DELETE \/faults/);
});

test('finds a service that loses notes, says what it found, and the stage is not taken for verified', async () => {
  await startController('observe: 1h');
  await begin();
  await database.query(`CREATE FUNCTION lose_notes() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.notes = OLD.notes; RETURN NEW; END $$`);
  await database.query(
    'CREATE TRIGGER lose_notes BEFORE UPDATE ON violations FOR EACH ROW EXECUTE FUNCTION lose_notes()',
  );
  const { code, failed } = await verify();
  assert.equal(code, 7);
  assert.ok(
    failed.some(({ name, detail }) => name === 'notes and handled_by are written' && /notes null/.test(detail)),
  );
  assert.equal((await status()).state.verified, 'failed');
});

test('a path that no record takes is left out with the reason, and proves nothing', async () => {
  await startController('observe: 1h');
  const { code, checks } = await verify('--path', 'domain');
  assert.equal(code, 0);
  assert.ok(checks.every(({ result, detail }) => result === 'skipped' && /at 0 % no record takes it/.test(detail)));
});

test('without a database it takes the record that is named, and puts it back as it was', async () => {
  await startController('observe: 1h');
  await begin();
  await service.update(42, 'status=resolved&notes=mine&handled_by=bob');
  const { code, checks, failed } = await verify('--record', '42');
  assert.deepEqual([code, failed], [0, []]);
  const path = (await service.update(42, 'status=resolved')).headers['rollout-path'];
  const other = checks.filter((check) => check.path !== path);
  assert.ok(other.every(({ result, detail }) => result === 'skipped' && /record 42 does not take it/.test(detail)));
  assert.ok(checks.filter((check) => check.path === path && check.result === 'passed').length >= 13);
  const { status: now, notes, handled_by } = (await service.read(42)).json;
  assert.deepEqual([now, notes, handled_by], ['resolved', 'mine', 'bob']);
});

test('without a controller only what may be forced is checked, and it is told that no journal has it', async () => {
  url = `http://127.0.0.1:${await freePort()}/`;
  const denied = await verify();
  assert.ok(
    denied.checks.every(({ result, detail }) => result === 'skipped' && /nobody tells what percent/.test(detail)),
  );
  assert.match(denied.journal, /^NOT in the journal: .*was not reached/);
  await using open = await startTestService({ DATABASE_URL: database.url, FORCE_DOMAIN: 'allow' });
  const { code, checks, failed } = await verify('--target', `http://127.0.0.1:${open.port}`);
  assert.deepEqual([code, failed], [0, []]);
  assert.equal(checks.filter(({ result }) => result === 'passed').length, 26);
});

test('a stage that requires it waits for it, says so, and is left once it has passed', async () => {
  await startController('observe: 100ms, verify: required');
  await begin();
  for (let id = 1; id <= 20; id += 1) {
    await service.update(id, 'status=confirmed');
  }
  await until('it says what it waits for', async () => /sluice verify/.test((await status()).holding ?? ''));
  assert.equal((await status()).state.percent, 50);
  await verify();
  await until('it goes on', async () => (await status()).state.percent === 100);
});
