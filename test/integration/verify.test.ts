import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { freePort } from '../../src/dev/embedded/flagd.ts';
import { until } from '../../src/dev/until.ts';
import type { CheckResult } from '../../src/verify/run.ts';
import { startCli } from '../support/cli.ts';
import type { TestDatabase } from '../support/database.ts';
import { serve } from '../support/http-server.ts';
import { type Controller, TOKEN } from '../support/system/controller.ts';
import { FLAG } from '../support/system/flags.ts';
import type { Replica } from '../support/system/replica.ts';
import { fixedAt, type SystemHere, startSystem } from '../support/system/system.ts';

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
let system: SystemHere;
let database: TestDatabase;
let service: Replica;
let controller: Controller;
let url: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  system = stack.use(await startSystem({ env: { FORCE_DOMAIN: 'deny' } }));
  ({ database, service } = system);
});
afterEach(() => stack.disposeAsync());

async function startController(stage: string): Promise<void> {
  controller = await system.startController({ plan: plan(stage) });
  url = `${controller.url}/`;
  await until('it may raise', async () => (await controller.status()).controller.noRaise === null);
}

const verifications = async () => (await controller.history()).filter(({ kind }) => kind === 'verified');

async function begin(): Promise<void> {
  await controller.command('start');
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
  assert.equal((await controller.status()).state.verified, 'passed');
  assert.deepEqual((await verify('--path', 'legacy')).failed, []);
  assert.equal((await controller.status()).state.verified, 'passed', 'legacy alone says nothing of domain');
});

test('checks the fallback where faults are allowed, and ends the fault', async () => {
  await startController('observe: 1h');
  await begin();
  const { checks } = await verify('--path', 'domain', '--admin', `http://127.0.0.1:${service.adminPort}`);
  assert.equal(checks.find(({ name }) => name.startsWith('fallback'))?.result, 'passed');
  const again = await verify('--path', 'domain');
  assert.deepEqual(again.failed, []);
});

test('interrupted while domain is made to fail, ends the fault, leaves no record, and writes nothing to the journal', async () => {
  await startController('observe: 1h');
  await begin();
  const asked: (string | undefined)[] = [];
  const admin = await serve(({ method }, response) => {
    asked.push(method);
    if (method === 'PUT') {
      run.child.kill('SIGINT');
    } else {
      response.end('{}');
    }
  });
  stack.use(admin);
  const run = start('--path', 'domain', '--admin', admin.url);
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
  assert.equal((await controller.status()).state.verified, 'failed');
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

test('without a controller only what may be forced is checked, and it is reported that no journal has it', async () => {
  url = `http://127.0.0.1:${await freePort()}/`;
  const denied = await verify();
  assert.ok(
    denied.checks.every(({ result, detail }) => result === 'skipped' && /no replica reports what percent/.test(detail)),
  );
  assert.match(denied.journal, /^NOT in the journal: .*was not reached/);
  await using open = await system.startReplica({ ...fixedAt(0), FORCE_DOMAIN: 'allow' });
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
  await until('it says what it waits for', async () => /sluice verify/.test((await controller.status()).holding ?? ''));
  assert.equal((await controller.status()).state.percent, 50);
  await verify();
  await until('it goes on', async () => (await controller.status()).state.percent === 100);
});
