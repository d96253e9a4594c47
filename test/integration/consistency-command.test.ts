import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { freePort } from '../../src/dev/embedded/flagd.ts';
import { until } from '../../src/dev/until.ts';
import { startCli } from '../support/cli.ts';
import type { TestDatabase } from '../support/database.ts';
import { type Controller, TOKEN } from '../support/system/controller.ts';
import { FLAG } from '../support/system/flags.ts';
import type { Replica } from '../support/system/replica.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages:
  - { percent: 50,  observe: 1h }
  - { percent: 100, observe: 1h }
guards:
  - { name: consistency, measure: mismatches, limit: 0, onBreach: off }
minSamples: 1
`;

let system: SystemHere;
let database: TestDatabase;
let service: Replica;
let controller: Controller;
let url: string;

beforeEach(async () => {
  // No sample: what a test breaks by hand is for the check to find first.
  system = await startSystem({ env: { SHADOW_SAMPLE_PERCENT: '0' } });
  ({ database, service } = system);
  url = `http://127.0.0.1:${await freePort()}/`;
});
afterEach(() => system[Symbol.asyncDispose]());

async function startController(): Promise<void> {
  controller = await system.startController({ plan: PLAN });
  url = `${controller.url}/`;
  await until('it may raise', async () => (await controller.status()).controller.noRaise === null);
}

const events = async (kind: string) => (await controller.history()).filter((event) => event.kind === kind);

async function begin(): Promise<void> {
  await controller.command('start');
  await until('50 % is served', async () => (await service.metric('sluice_flag_percent')) === 50);
}

function start(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const env = { USER: 'ana', SLUICE_URL: url, SLUICE_TOKEN: TOKEN, DATABASE_URL: database.url, ...more };
  return startCli(['consistency', 'check', ...args], env, system.directory);
}
const check = (args: readonly string[] = [], more?: NodeJS.ProcessEnv) => start(args, more).ended;

async function writeSome(by = ''): Promise<void> {
  for (const id of [1, 2, 3, 4, 5, 6]) {
    for (const query of ['status=confirmed&notes=mine&handled_by=ana', 'status=resolved']) {
      assert.equal((await service.update(id, `${query}${by}`)).status, 200);
    }
  }
}

test('a clean check says so in one line, ends with 0, and the journal has it', async () => {
  await startController();
  await begin();
  await writeSome();
  const { code, out, err } = await check();
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^Consistent: 1,000 records and 12 changes in .* check [\da-f-]{36}\.\nThe journal has it\.\n$/);
  const [event] = await events('checked');
  assert.deepEqual(
    [event?.details, event?.actor.startsWith('ana')],
    [
      {
        check: /check ([\da-f-]{36})/.exec(out)?.[1],
        since: null,
        records: 1_000,
        changes: 12,
        findings: 0,
        held: 0,
        examples: [],
      },
      true,
    ],
  );
  assert.equal((await controller.status()).state.percent, 50);
});

test('findings end with 7, are reported below their record, and the guard rolls back and names the record', async () => {
  await startController();
  await begin();
  await writeSome('&force_domain=true');
  await database.query("UPDATE violations SET notes = E'odd \\x1b[2J', status = 'pending' WHERE id = 5");
  const { code, out, err } = await check();
  assert.deepEqual([code, err], [7, '']);
  const [verdict, ...lines] = out.split('\n');
  const id = /check ([\da-f-]{36})\.$/.exec(verdict ?? '')?.[1];
  assert.match(verdict ?? '', /^2 findings in 1 of 1,000 records: /);
  assert.deepEqual(lines, [
    'violation 5',
    '  the record\'s notes is "odd  [2J"; its last change left "mine"',
    '  the record\'s status is "pending"; its last change left "resolved"',
    `What a repair would do: sluice consistency repair --check ${id}`,
    'The journal has it.',
    '',
  ]);
  await until('it is rolled back', async () => (await controller.status()).state.phase === 'rolled-back');
  assert.match((await controller.status()).state.why ?? '', /\b5\b/);
});

const isNoted = async (findings: number) => {
  const { code, out } = await check();
  assert.equal(code, 7);
  assert.match(out, new RegExp(`^${findings} findings? in .*, none of which may be domain's doing in this rollout: `));
  const { wanted, verdicts } = await controller.status();
  const [verdict] = verdicts.filter(({ source }) => source === 'verifier');
  assert.deepEqual([wanted, verdict?.kind, verdict?.value], [50, 'healthy', 0]);
  assert.match(verdict?.detail ?? '', /^\d findings? not of domain's doing in this rollout: a note$/);
  await until('the journal has it', async () => (await events('checked')).length === 1);
  const [told] = await events('checked');
  assert.match(
    told?.text ?? '',
    /in violations [\d, ]+; \d findings? not of domain's doing .*, a note that lowers nothing\.$/,
  );
  const { text } = await controller.get('/api/report?lang=en&format=md');
  assert.match(text, /\| 50 %[^|]*\| 0 \| ✅ \d findings? not of domain's doing in this rollout: a note \|/);
};

test('what was damaged by hand leaves a healthy domain where it is: it is a note in status, journal and report', async () => {
  await writeSome('&force_domain=true');
  await database.query("UPDATE violations SET notes = 'odd' WHERE id = 5");
  await database.query('DELETE FROM violation_status_history WHERE violation_id = 6 AND version = 1');
  // The clocks of controller and database count as five seconds apart at most.
  await database.query(
    "UPDATE violation_status_history SET changed_at = changed_at - interval '1 day', handled_at_after = handled_at_after - interval '1 day', handled_at_before = handled_at_before - interval '1 day'",
  );
  await database.query("UPDATE violations SET handled_at = handled_at - interval '1 day' WHERE id <= 6");
  await startController();
  await begin();
  await isNoted(2);
});

test('what legacy wrote since the rollout began, and somebody damaged, is a note as well', async () => {
  await startController();
  await begin();
  await writeSome('&force_domain=false');
  await database.query("UPDATE violations SET notes = 'odd' WHERE id = 5");
  await isNoted(1);
});

test('a record whose change is missing since the rollout began may be domain: the flag drops', async () => {
  await startController();
  await begin();
  await writeSome('&force_domain=false');
  await database.query('DELETE FROM violation_status_history WHERE violation_id = 5 AND version = 2');
  assert.equal((await check()).code, 7);
  await until('it is rolled back', async () => (await controller.status()).state.phase === 'rolled-back');
});

test('damage that a check saw before the rollout began is not held against domain where it writes over it', async () => {
  await writeSome('&force_domain=false');
  await database.query("UPDATE violations SET notes = 'odd' WHERE id = 5");
  await database.query('DELETE FROM violation_status_history WHERE violation_id = 6 AND version = 2');
  assert.equal((await check(['--no-journal'])).code, 7);
  await database.query("UPDATE consistency_checks SET started_at = started_at - interval '1 minute'");
  await startController();
  await begin();
  await writeSome('&force_domain=true');
  await isNoted(2);
});

test('--json is one document with the findings and nothing else', async () => {
  await writeSome();
  await database.query('DELETE FROM violation_status_history WHERE violation_id = 5 AND version = 1');
  await database.query('DELETE FROM violations WHERE id = 6');
  await database.query(
    "UPDATE violation_status_history SET status_after = 'odd' WHERE violation_id = 6 AND version = 2",
  );
  const { code, out, err } = await check(['--json', '--no-journal', '--rollout', 'another']);
  assert.deepEqual([code, err], [7, '']);
  const { check: id, findings, ...rest } = JSON.parse(out);
  const found = { total: 2, violations: 2, held: 1, journal: 'not in the journal, as asked' };
  assert.deepEqual(rest, { rollout: 'another', since: null, records: 999, changes: 11, ...found });
  const [{ seen, ...gap }, odd] = findings;
  assert.deepEqual(gap, {
    violation_id: '5',
    version: 1,
    kind: 'history-gap',
    field: 'version',
    expected: '1',
    actual: '0',
    held: true,
  });
  assert.deepEqual([seen.id, seen.version, seen.status], ['5', 2, 'resolved']);
  assert.deepEqual([odd.violation_id, odd.kind, odd.actual, odd.seen], ['6', 'unknown-status', 'odd', null]);
  const [kept] = await database.query('SELECT * FROM consistency_checks WHERE check_id = $1', [id]);
  assert.deepEqual([kept?.findings, kept?.rollout, kept?.finished_at instanceof Date], ['2', 'another', true]);
});

test('since the stage, or its percent, only what changed since is looked at', async () => {
  await writeSome();
  await startController();
  await begin();
  assert.equal((await service.update(900, 'status=confirmed')).status, 200);
  for (const since of ['stage', '50%']) {
    const { code, out } = await check(['--since', since, '--json']);
    const { records, changes, journal } = JSON.parse(out);
    assert.deepEqual([code, records, changes, journal], [0, 1, 1, 'the journal has it'], since);
  }
  const { code, err } = await check(['--since', '25%']);
  assert.equal(code, 2);
  assert.match(err, /^error: --since is 25%, and none of the last \d+ events of the rollout enters 25 %/);
});

test('without a controller the check is made, and it is said that no journal has it', async () => {
  const { code, out } = await check();
  assert.equal(code, 0);
  assert.match(out, /^Consistent: .*\nNOT in the journal: The controller at .* was not reached: .*\.\n$/);
  const stage = await check(['--since', 'stage']);
  assert.deepEqual([stage.code, stage.out], [3, '']);
});

test('without a token, or of another rollout, it is said that no journal has it', async () => {
  await startController();
  const { code, out } = await check([], { SLUICE_TOKEN: '' });
  assert.equal(code, 0);
  assert.match(out, /\nNOT in the journal: A change needs the controller's token, and none was sent/);
  const other = await check(['--rollout', 'another']);
  assert.match(
    other.out,
    /\nNOT in the journal: the check is of another, and this controller steers violation-status\.\n$/,
  );
  assert.deepEqual(await events('checked'), []);
});

test('interrupted, it ends with 1, says how to go on, and goes on', async () => {
  await writeSome();
  await database.query("UPDATE violations SET notes = 'odd' WHERE id = 5");
  const holder = await database.connect();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE violations IN ACCESS EXCLUSIVE MODE');
  const run = start(['--since', '1h']);
  const waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DECLARE%'";
  await until('it waits', async () => (await database.query(waits)).length > 0);
  run.child.kill('SIGINT');
  const { code, out, err } = await run.ended;
  assert.deepEqual([code, out], [1, '']);
  const id =
    /^error: Interrupted: 0 records are done, with 0 findings\. Continue with: sluice consistency check --resume (\S+)\n$/.exec(
      err,
    )?.[1];
  await holder.query('ROLLBACK');
  const resumed = await check(['--resume', String(id), '--json']);
  const { check: same, since, records, total } = JSON.parse(resumed.out);
  assert.deepEqual([resumed.code, same, records, total, since === null], [7, id, 6, 1, false]);
  const again = await check(['--resume', String(id)]);
  assert.equal(again.code, 4);
  assert.match(again.err, /is finished, with 1 finding: there is nothing to continue/);
});

test('what is wrong with a command line or the database is said, with what to do', async () => {
  const id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
  const gone = new URL(database.url);
  gone.port = String(await freePort());
  const denied = new URL(database.url);
  denied.password = 'wrong-password';
  const cases: [readonly string[], NodeJS.ProcessEnv, number, RegExp][] = [
    [['--since', 'yesterday'], {}, 2, /'yesterday' is invalid. Allowed: stage, a stage's percent/],
    [['--resume', id, '--since', '1h'], {}, 2, /cannot be used with option '--since <when>'/],
    [['--resume', 'x'], {}, 2, /Allowed: an id such as/],
    [['--resume', id], {}, 2, /this database has no such check/],
    [['--actor', ''], {}, 2, /Allowed: 1 to 100 characters/],
    [[], { DATABASE_URL: '' }, 2, /DATABASE_URL is required: the records and their histories are there/],
    [[], { DATABASE_URL: gone.href }, 3, /The database was not reached: .*ECONNREFUSED/],
    [[], { DATABASE_URL: denied.href }, 3, /The database was not reached: password authentication failed/],
  ];
  for (const [args, env, code, message] of cases) {
    const ended = await check(args, env);
    assert.deepEqual([ended.code, ended.out], [code, ''], String(message));
    assert.match(ended.err, message);
    assert.ok(!ended.err.includes('wrong-password') && !ended.err.includes(gone.password), 'no password is shown');
  }
  await database.query('DROP TABLE consistency_repairs, consistency_findings, consistency_checks');
  const old = await check();
  assert.deepEqual([old.code, old.out], [2, '']);
  assert.match(old.err, /^error: The database has no tables for checks of its data: run npm run migrate\.\n$/);
});
