import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type Check, checkConsistency } from '../../src/consistency/check.ts';
import type { SeenRecord } from '../../src/consistency/finding.ts';
import { openConsistencyStore } from '../../src/consistency/sql/check-store.ts';
import { until } from '../../src/dev/until.ts';
import { startCli } from '../support/cli.ts';
import type { TestDatabase } from '../support/database.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';
import type { Replica } from '../support/system/replica.ts';
import { fixedAt, type SystemHere, startSystem } from '../support/system/system.ts';

type Reported = {
  readonly violation_id: string;
  readonly result: string;
  readonly before: SeenRecord | null;
  readonly after: SeenRecord | null;
  readonly why: readonly string[];
};
type Document = {
  readonly check: string | null;
  readonly repair: string | null;
  readonly applied: boolean;
  readonly interrupted: boolean;
  readonly records: readonly Reported[];
};

const BIG_ID = '9007199254740993';

let folder: string;
let system: SystemHere;
let database: TestDatabase;
let service: Replica;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-repair-'));
});
after(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  system = await startSystem({ env: { ...fixedAt(50), SHADOW_SAMPLE_PERCENT: '0' } });
  ({ database, service } = system);
});
afterEach(() => system[Symbol.asyncDispose]());

const start = (args: readonly string[], url = database.url) =>
  startCli(['consistency', 'repair', ...args], { USER: 'ana', DATABASE_URL: url }, folder);
const run = (...args: string[]) => start(args).ended;
const APPLY = ['--apply', '--reason', 'change 4711'];

async function repair(...args: string[]) {
  const { code, out, err } = await run('--json', ...args);
  assert.equal(err, '');
  const document = JSON.parse(out) as Document;
  const results = Object.fromEntries(document.records.map(({ violation_id: id, result }) => [id, result]));
  return { code, ...document, results };
}

async function check(since: string | null = null): Promise<Check> {
  await using store = await openConsistencyStore(database.url);
  const begun = await store.begin({ rollout: 'violation-status', actor: 'ana', since });
  return await checkConsistency({ store, check: begun });
}
const findings = (checkId: string) =>
  database.query(
    'SELECT violation_id, version, kind, field, expected, actual, seen FROM consistency_findings WHERE check_id = $1 ORDER BY 1, 2, 3, 4',
    [checkId],
  );
const whole = (table: string) => database.query(`SELECT to_jsonb(t) FROM ${table} t ORDER BY 1`);
const data = async () => [await whole('violations'), await whole('violation_status_history')];
const record = async (id: number | string) => (await service.read(id)).json;

/** Three changes by the service, on both paths. */
async function write(...ids: (number | string)[]): Promise<void> {
  for (const id of ids) {
    for (const [index, query] of [
      'status=confirmed&notes=first&handled_by=ana',
      'status=resolved&notes=second',
      'status=false_positive',
    ].entries()) {
      assert.equal((await service.update(id, `${query}&force_domain=${index % 2 === 0}`)).status, 200);
    }
  }
}
const differ = (...ids: number[]) =>
  database.query("UPDATE violations SET status = 'pending' WHERE id = ANY($1)", [ids]);

/** One record of each kind: 1 to 7, a big id, and 8, whose record is gone. */
async function damageOfEachKind(): Promise<void> {
  await database.query('INSERT INTO violations (id) VALUES ($1)', [BIG_ID]);
  await write(1, 2, 3, 4, 5, 6, 7, 8, BIG_ID);
  const history = (id: number, version: number, set: string) =>
    database.query(`UPDATE violation_status_history SET ${set} WHERE violation_id = ${id} AND version = ${version}`);
  await database.query('ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_write_once');
  await database.query('ALTER TABLE violations DROP CONSTRAINT violations_status_check');
  await database.query(`UPDATE violations SET status = 'pending', notes = NULL WHERE id IN (1, ${BIG_ID})`);
  await database.query('DELETE FROM violation_status_history WHERE violation_id = 2 AND version = 2');
  await history(3, 3, "status_before = 'pending'");
  await history(
    4,
    3,
    'write_id = (SELECT write_id FROM violation_status_history WHERE violation_id = 4 AND version = 1)',
  );
  await history(5, 3, "handled_at_after = '2020-01-01Z'");
  await database.query("UPDATE violations SET handled_at = '2020-01-01Z' WHERE id = 5");
  await history(6, 3, "status_after = 'odd'");
  await database.query("UPDATE violations SET status = 'odd' WHERE id = 6");
  await history(7, 3, 'notes_after = NULL');
  await database.query('UPDATE violations SET notes = NULL WHERE id = 7');
  await history(8, 3, "status_before = 'pending'");
  await database.query('DELETE FROM violations WHERE id = 8');
}

describe('a repair', () => {
  test('says what it would do about each kind, and changes nothing', async () => {
    await damageOfEachKind();
    const { id } = await check();
    const state = async () => [await data(), await whole('consistency_checks'), await whole('consistency_repairs')];
    const untouched = await state();
    const { code, results, records, ...said } = await repair();
    const expected = {
      ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, BIG_ID].map((each) => [each, 'would-repair'])),
      8: 'refused',
    };
    assert.deepEqual([code, results], [4, expected]);
    assert.deepEqual([said.check, said.repair, said.applied, said.interrupted], [id, null, false, false]);
    const of = (violationId: string) => records.find((each) => each.violation_id === violationId) as Reported;
    assert.deepEqual(of(BIG_ID).why, ['status: what its last change, 3, left', 'notes: what its last change, 3, left']);
    assert.deepEqual([of('1').before?.notes, of('1').after?.notes, of('1').after?.version], [null, 'second', 4]);
    assert.deepEqual(of('8').why, ['the record no longer exists']);
    const text = await run('--check', id);
    assert.equal(text.code, 4);
    assert.match(text.out, /^What would be done about check .*; nothing is changed:\n/);
    assert.match(
      text.out,
      /\nrecord 1: would be repaired\n {2}status {6}"pending" → "false_positive": what its last change, 3, left\n/,
    );
    assert.match(text.out, /\nrecord 2: would be repaired\n {2}version {5}3 → 4: change 2 is missing: kept as it is/);
    assert.match(
      text.out,
      /\nrecord 4: would be repaired\n.*\n {2}write_id {4}change 3 repeats a write: kept as it is/,
    );
    assert.match(text.out, /\nrecord 8: refused: the record no longer exists\n/);
    assert.match(
      text.out,
      new RegExp(`8 would be repaired, 1 refused.\nTo do it: sluice consistency repair --check ${id} --apply --reason`),
    );
    assert.deepEqual(await state(), untouched);
  });

  test('mends each record in one change that the history and the audit have, and the next check is clean', async () => {
    await damageOfEachKind();
    const found = await check();
    const seenBefore = new Map((await findings(found.id)).map(({ violation_id: id, seen }) => [id, seen]));
    const { code, results, records, repair: repairId } = await repair(...APPLY, '--check', found.id, '--actor', 'bob');
    assert.deepEqual([code, results[8], results[BIG_ID]], [4, 'refused', 'repaired']);
    const notes = await Promise.all([1, 7, BIG_ID].map(async (id) => (await record(id)).notes));
    assert.deepEqual(notes, ['second', 'second', 'second']);
    assert.deepEqual([(await record(1)).status, (await record(6)).status], ['false_positive', 'resolved']);
    const [, second] = await database.history(5);
    assert.equal((await record(5)).handled_at, second?.handled_at_after.toISOString());
    for (const { violation_id: id, before, after: repaired } of records.filter(({ result }) => result === 'repaired')) {
      const last = (await database.history(id)).at(-1);
      const [kept] = await database.query('SELECT * FROM consistency_repairs WHERE violation_id = $1', [id]);
      assert.deepEqual([last?.path, last?.version, last?.request_id], ['repair', 4, `repair ${repairId}`]);
      assert.deepEqual([last?.status_before, last?.notes_before], [before?.status, before?.notes]);
      assert.deepEqual([last?.status_after, last?.notes_after], [repaired?.status, repaired?.notes]);
      assert.deepEqual([kept?.before, kept?.after, kept?.write_id], [before, repaired, last?.write_id]);
      assert.deepEqual([kept?.before, kept?.actor, kept?.reason], [seenBefore.get(id), 'bob', 'change 4711']);
      assert.ok(kept?.findings.length > 0);
    }
    // What is left is the history that outlives its record.
    const again = await check();
    assert.deepEqual(
      (await findings(again.id)).map(({ violation_id: id }) => id),
      ['8'],
    );
  });

  test('made again, finds what is done and does nothing twice', async () => {
    await write(1, 2);
    await differ(1, 2);
    const { id } = await check();
    await repair(...APPLY);
    const done = await data();
    const again = await repair(...APPLY, '--check', id);
    assert.deepEqual([again.code, again.results], [0, { 1: 'done-before', 2: 'done-before' }]);
    assert.deepEqual(await data(), done);
    const text = await run(...APPLY);
    assert.match(text.out, /\n2 done before\.\n$/);
    await differ(1);
    await check();
    assert.deepEqual((await repair(...APPLY)).results, { 1: 'repaired' });
  });

  test('goes through more records than it reads at a time, and two at once repair none twice', async () => {
    const ids = Array.from({ length: 230 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => service.update(id, 'status=confirmed')));
    await differ(...ids);
    await check();
    assert.equal((await repair()).records.length, 230);
    const both = await Promise.all([repair(...APPLY), repair(...APPLY)]);
    const done = both.flatMap(({ records }) => records.filter(({ result }) => result === 'repaired'));
    assert.deepEqual([both.map(({ code }) => code), done.length], [[0, 0], 230]);
    const [made] = await database.query(
      "SELECT count(*), count(DISTINCT violation_id) AS ids FROM violation_status_history WHERE path = 'repair'",
    );
    assert.deepEqual(made, { count: '230', ids: '230' });
    assert.equal((await check()).progress.findings, 0);
  });

  test('leaves a record alone that was written since the check, and no write is lost', async () => {
    await write(1, 2, 3);
    await differ(1, 2, 3);
    await check();
    await service.update(2, 'status=resolved&notes=newer');
    await database.query("UPDATE violations SET notes = 'by hand' WHERE id = 3");
    const { code, results, records } = await repair(...APPLY);
    assert.deepEqual([code, results], [4, { 1: 'repaired', 2: 'refused', 3: 'refused' }]);
    assert.deepEqual(records[1]?.why, ['changed since the check: check again']);
    assert.deepEqual([(await record(2)).notes, (await record(3)).notes], ['newer', 'by hand']);
    assert.equal((await database.history(2)).length, 4);
  });

  test('waits for a write under way, and then leaves its record alone', async () => {
    await write(1);
    await differ(1);
    await check();
    const writer = await database.connect();
    await writer.query("BEGIN; UPDATE violations SET notes = 'under way' WHERE id = 1");
    const { ended } = start(['--json', ...APPLY]);
    await untilSomebodyWaits();
    await writer.query('COMMIT');
    const { code, out } = await ended;
    assert.deepEqual([code, (JSON.parse(out) as Document).records[0]?.result], [4, 'refused']);
    assert.equal((await record(1)).notes, 'under way');
  });

  test('leaves alone a record whose history changed since the check, and one that is wrong before --since', async () => {
    await write(1, 2);
    await differ(1);
    await check();
    await database.query('DELETE FROM violation_status_history WHERE violation_id = 1 AND version = 1');
    assert.match(
      (await repair(...APPLY)).records[0]?.why[0] ?? '',
      /^more is wrong than this check found, history-gap/,
    );
    await database.query('DELETE FROM violation_status_history WHERE violation_id = 2 AND version = 1');
    const [{ now }] = (await database.query("SELECT clock_timestamp() + interval '1 ms' AS now")) as [{ now: Date }];
    await service.update(2, 'status=confirmed');
    await differ(2);
    const since = await check(now.toISOString());
    const { results, records } = await repair(...APPLY, '--check', since.id);
    assert.deepEqual(results, { 2: 'refused' });
    assert.match(records[0]?.why[0] ?? '', /without --since$/);
  });

  test('a record that the database refuses, or keeps otherwise, stays whole and stops no other', async () => {
    await write(1, 2, 3, 4);
    await differ(1, 2, 3, 4);
    await check();
    await database.query(`CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.violation_id = 2 THEN RAISE EXCEPTION 'a fault for 2'; END IF;
      RETURN NEW; END $$`);
    await database.query(
      'CREATE TRIGGER planted BEFORE INSERT ON consistency_repairs FOR EACH ROW EXECUTE FUNCTION planted()',
    );
    await database.query(`CREATE FUNCTION loses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id = 3 THEN NEW.notes := NULL; END IF; RETURN NEW; END $$`);
    await database.query('CREATE TRIGGER loses BEFORE UPDATE ON violations FOR EACH ROW EXECUTE FUNCTION loses()');
    const [one, two, three] = [await database.history(1), await database.history(2), await database.history(3)];
    const { code, results, records } = await repair(...APPLY);
    assert.deepEqual([code, results], [4, { 1: 'repaired', 2: 'refused', 3: 'refused', 4: 'repaired' }]);
    assert.deepEqual(records[1]?.why, ['the database refused it: a fault for 2']);
    assert.match(records[2]?.why[0] ?? '', /did not keep the record as it was written: a trigger/);
    assert.deepEqual([await database.history(2), await database.history(3)], [two, three]);
    assert.equal((await database.history(1)).length, one.length + 1);
    assert.deepEqual(
      [(await record(2)).status, (await record(3)).status, (await record(3)).notes],
      ['pending', 'pending', 'second'],
    );
    await database.query('DROP TRIGGER planted ON consistency_repairs; DROP TRIGGER loses ON violations');
    const again = await repair(...APPLY);
    assert.deepEqual(
      [again.code, again.results],
      [0, { 1: 'done-before', 2: 'repaired', 3: 'repaired', 4: 'done-before' }],
    );
  });

  test('gives up on a record that somebody holds', async () => {
    await write(1, 2);
    await differ(1, 2);
    await check();
    const holder = await database.connect();
    await holder.query('BEGIN; SELECT FROM violations WHERE id = 1 FOR UPDATE');
    const { results, records } = await repair(...APPLY);
    await holder.query('ROLLBACK');
    assert.deepEqual(results, { 1: 'refused', 2: 'repaired' });
    assert.deepEqual(records[0]?.why, ['another transaction holds the record: try again']);
  });

  test('mends records while the service writes the same and other ones, and every write stays', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => index + 1);
    await write(...ids);
    await differ(...ids);
    await check();
    const acknowledged = new Map<number, number>();
    let isOver = false;
    const writers = [0, 1, 2, 3].map(async (writer) => {
      for (let turn = 0; !isOver; turn += 1) {
        // The first twenty are left to the repair.
        const id = 21 + ((turn * 7 + writer) % 60);
        const { status } = await service.update(
          id,
          `status=resolved&notes=${writer}-${turn}&force_domain=${turn % 2 === 0}`,
        );
        assert.equal(status, 200);
        acknowledged.set(id, (acknowledged.get(id) ?? 0) + 1);
      }
    });
    const { results } = await repair(...APPLY);
    isOver = true;
    await Promise.all(writers);
    for (const id of ids) {
      assert.ok(results[id] === 'repaired' || (id > 20 && results[id] === 'refused'), `${id}: ${results[id]}`);
    }
    for (const [id, count] of acknowledged) {
      const history = await database.history(id);
      const earlier = id <= 40 ? 3 : 0;
      assert.equal(history.filter(({ path }) => path !== 'repair').length, earlier + count, `${id}`);
    }
    const refused = ids.filter((id) => results[id] === 'refused').map(String);
    const left = new Set((await findings((await check()).id)).map(({ violation_id: id }) => id));
    assert.deepEqual(left, new Set(refused));
  });
});

const untilSomebodyWaits = () =>
  until('a repair waits for the lock', async () => {
    const waiting = await database.query(
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    return waiting.length > 0;
  });

describe('a repair that ends early', () => {
  test('stops between two records at Ctrl-C, says how far it came, and goes on when asked again', async () => {
    await write(1, 2, 3);
    await differ(1, 2, 3);
    await check();
    const holder = await database.connect();
    await holder.query('BEGIN; SELECT FROM violations WHERE id = 2 FOR UPDATE');
    const { child, ended } = start(APPLY);
    await untilSomebodyWaits();
    child.kill('SIGINT');
    await holder.query('ROLLBACK');
    const { code, out, err } = await ended;
    assert.equal(code, 1);
    assert.match(out, /\n2 repaired\.\nTo undo it: /);
    assert.equal(err, 'Ended after 2 of 3 records. The same command goes on with the rest.\n');
    const again = await repair(...APPLY);
    assert.deepEqual([again.code, again.results], [0, { 1: 'done-before', 2: 'done-before', 3: 'repaired' }]);
  });

  test('stuck with the lock of a record loses it, and the write that waits for it is done', async () => {
    await write(1);
    await differ(1);
    await check();
    const holder = await database.connect();
    await holder.query('BEGIN; SELECT FROM violations WHERE id = 1 FOR UPDATE');
    const { child, ended } = start(APPLY);
    await untilSomebodyWaits();
    child.kill('SIGSTOP');
    await holder.query('ROLLBACK');
    await until('the repair has the lock', async () => {
      const idle = await database.query(
        "SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()",
      );
      return idle.length > 0;
    });
    const { status } = await service.update(1, 'status=resolved&force_domain=false');
    child.kill('SIGCONT');
    assert.equal(status, 200);
    assert.equal((await ended).code, 3);
    assert.deepEqual((await database.history(1)).map(({ path }) => path).includes('repair'), false);
    assert.equal((await record(1)).status, 'resolved');
  });

  test('is reported when the server ends its session, and that is no refusal of the record', async () => {
    await write(1);
    await differ(1);
    await check();
    const holder = await database.connect();
    await holder.query('BEGIN; SELECT FROM violations WHERE id = 1 FOR UPDATE');
    const { ended } = start(['--json', ...APPLY]);
    await untilSomebodyWaits();
    await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE wait_event_type = 'Lock' AND datname = current_database()`);
    await holder.query('ROLLBACK');
    const { code, out } = await ended;
    const { interrupted, records } = JSON.parse(out) as Document;
    assert.deepEqual([code, interrupted, records], [3, true, []]);
  });

  for (const side of ['toServer', 'toClient'] as const) {
    test(`is reported when the connection breaks at COMMIT, ${side === 'toServer' ? 'before' : 'after'} it is done, and nothing is done twice`, async () => {
      await write(1, 2, 3);
      await differ(1, 2, 3);
      await check();
      await using proxy = await startDatabaseProxy(database.url);
      let commits = 0;
      proxy.toServer = (chunk, { pass, cut }) => {
        commits += chunk.includes('COMMIT\0') ? 1 : 0;
        if (side === 'toServer' && commits === 2) {
          cut();
        } else {
          pass();
        }
      };
      proxy.toClient = (_, { pass, cut }) => (side === 'toClient' && commits === 2 ? cut() : pass());
      const { code, out, err } = await start(['--json', ...APPLY], proxy.url).ended;
      assert.equal(code, 3);
      assert.match(err, /^error: The database was not reached: /);
      const { interrupted, records } = JSON.parse(out) as Document;
      assert.deepEqual([interrupted, records.length], [true, 1]);
      const again = await repair(...APPLY);
      const second = side === 'toClient' ? 'done-before' : 'repaired';
      assert.deepEqual([again.code, again.results], [0, { 1: 'done-before', 2: second, 3: 'repaired' }]);
      for (const id of [1, 2, 3]) {
        assert.equal((await database.history(id)).filter(({ path }) => path === 'repair').length, 1);
      }
      assert.equal((await check()).progress.findings, 0);
    });
  }
});

describe('a repair is taken back', () => {
  test('as a dry run first, then to exactly what was there, and a check finds the same again', async () => {
    await damageOfEachKind();
    const found = await check();
    const damaged = await data();
    const { repair: id } = await repair(...APPLY, '--actor', 'ana');
    const repaired = await data();
    const dry = await repair('--undo', id as string);
    assert.deepEqual([dry.code, new Set(Object.values(dry.results))], [0, new Set(['would-undo'])]);
    assert.deepEqual(await data(), repaired);
    const undone = await repair('--undo', id as string, '--apply', '--actor', 'bob');
    assert.deepEqual([undone.code, new Set(Object.values(undone.results))], [0, new Set(['undone'])]);
    assert.deepEqual(await data(), damaged);
    const audit = await database.query('SELECT actor, undone_by, undone_at FROM consistency_repairs');
    assert.equal(audit.length, 8);
    assert.ok(audit.every((row) => row.actor === 'ana' && row.undone_by === 'bob' && row.undone_at !== null));
    assert.deepEqual(await findings((await check()).id), await findings(found.id));
    const twice = await run('--undo', id as string, '--apply');
    assert.deepEqual([twice.code, twice.out], [4, '']);
    assert.equal(twice.err, `error: Repair ${id} was undone already.\n`);
    const anew = await repair(...APPLY, '--check', found.id);
    assert.deepEqual(anew.results[1], 'repaired');
  });

  test('not where a write came after it, and only there not', async () => {
    await write(1, 2, 3);
    await differ(1, 2, 3);
    await check();
    const { repair: id } = await repair(...APPLY);
    await service.update(2, 'status=resolved&notes=newer');
    await database.query("UPDATE violations SET notes = 'by hand' WHERE id = 3");
    const undone = await repair('--undo', id as string, '--apply');
    assert.deepEqual([undone.code, undone.results], [4, { 1: 'undone', 2: 'refused', 3: 'refused' }]);
    assert.deepEqual([(await record(2)).notes, (await record(3)).notes], ['newer', 'by hand']);
    assert.equal((await database.history(2)).length, 5);
    const again = await repair('--undo', id as string, '--apply');
    assert.deepEqual(again.results, { 1: 'done-before', 2: 'refused', 3: 'refused' });
  });
});

describe('what it receives, and what it says', () => {
  test('texts of the database cannot steer the terminal', async () => {
    await write(1);
    await database.query("UPDATE violations SET notes = E'\\u001b[2J\\u0085\\u202egone' WHERE id = 1");
    await check();
    const { out } = await run();
    assert.match(out, /notes {7}"\\u001b\[2J/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    assert.doesNotMatch(out, /[\u001b\u0085\u202e]/);
  });

  test('times that are no plain ones are mended, and taken back to the same', async () => {
    const times = [
      'infinity',
      '-infinity',
      '12026-01-01Z',
      '57891-02-03 04:05:06.007Z',
      '0044-03-15Z BC',
      '0001-01-01Z BC',
    ];
    const ids = times.map((_, index) => index + 1);
    await write(...ids);
    for (const [index, time] of times.entries()) {
      await database.query('UPDATE violations SET handled_at = $2 WHERE id = $1', [index + 1, time]);
    }
    await check();
    const damaged = await data();
    const mended = await repair(...APPLY);
    assert.deepEqual(mended.results, Object.fromEntries(ids.map((id) => [id, 'repaired'])));
    assert.equal((await check()).progress.findings, 0);
    assert.equal((await repair('--undo', mended.repair as string, '--apply')).code, 0);
    assert.deepEqual(await data(), damaged);
  });

  test('wrong options and ids end with 2, and say what is allowed', async () => {
    const none = '00000000-0000-4000-8000-000000000000';
    for (const [args, message] of [
      [['--apply'], /^error: --apply needs --reason/],
      [['--apply', '--reason', ' '], /^error: --apply needs --reason/],
      [['--reason', 'x'.repeat(501)], /up to 500 characters/],
      [['--check', 'newest'], /Allowed: an id such as/],
      [['--check', none], new RegExp(`^error: There is no check ${none}`)],
      [['--undo', none], new RegExp(`^error: There is no repair ${none}`)],
      [['--undo', none, '--check', none], /cannot be used with/],
      [['--undo', none, '--reason', 'why'], /cannot be used with/],
    ] as const) {
      const { code, out, err } = await run(...args);
      assert.deepEqual([code, out], [2, ''], args.join(' '));
      assert.match(err, message);
    }
  });

  test('nothing to repair is reported, and no failure', async () => {
    const never = await run(...APPLY);
    assert.deepEqual([never.code, never.err], [0, '']);
    assert.match(never.out, /^No finished check has found anything: nothing to repair/);
    const { id } = await check();
    const clean = await run('--check', id);
    assert.deepEqual([clean.code, clean.out.startsWith(`Check ${id} found nothing`)], [0, true]);
    assert.deepEqual((await repair('--check', id)).records, []);
  });

  test('a check that is not finished is refused, and not taken where none is named', async () => {
    await write(1);
    await differ(1);
    const { id } = await check();
    await database.query('UPDATE consistency_checks SET finished_at = NULL');
    const { code, err } = await run('--check', id);
    assert.equal(code, 4);
    assert.match(err, new RegExp(`is not finished.*sluice consistency check --resume ${id}`));
    assert.match((await run()).out, /^No finished check/);
  });

  test('a database that is away, or not migrated, is named as that', async () => {
    await using proxy = await startDatabaseProxy(database.url);
    await proxy.goAway();
    const away = await start([], proxy.url).ended;
    assert.deepEqual([away.code, away.out], [3, '']);
    assert.match(away.err, /^error: The database was not reached: .*ECONNREFUSED/);
    await database.query('DROP TABLE consistency_repairs, consistency_findings, consistency_checks');
    const old = await run();
    assert.deepEqual([old.code, old.out], [2, '']);
    assert.match(old.err, /run npm run migrate/);
  });

  test('a role needs the rights that are documented, and learns which one it has not', async () => {
    await write(1);
    await differ(1);
    await check();
    const role = `role_${database.name}`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'of a test'`);
    try {
      const url = new URL(database.url);
      url.username = role;
      url.password = 'of a test';
      await database.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
      assert.equal((await start([], url.href).ended).code, 0);
      const denied = await start(APPLY, url.href).ended;
      assert.equal(denied.code, 2);
      assert.match(denied.err, /\nerror: The database does not allow it: permission denied for table violations\./);
      const documented = readFileSync('docs/data-repair.md', 'utf8').match(/^GRANT .*;/gm) ?? [];
      await database.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}`);
      await database.query(documented.join('\n').replaceAll('sluice_repair', role));
      assert.equal((await start(APPLY, url.href).ended).code, 0);
      const [made] = await database.query('SELECT repair_id FROM consistency_repairs');
      assert.equal((await start(['--undo', made?.repair_id, '--apply'], url.href).ended).code, 0);
    } finally {
      await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
