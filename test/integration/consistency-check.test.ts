import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type Check, type ConsistencyStore, checkConsistency } from '../../src/consistency/check.ts';
import { openConsistencyStore } from '../../src/consistency/sql/check-store.ts';
import { until } from '../../src/dev/until.ts';
import type { TestDatabase } from '../support/database.ts';
import type { Replica } from '../support/system/replica.ts';
import { fixedAt, startSystem } from '../support/system/system.ts';

const NEW = { rollout: 'violation-status', actor: 'ana', since: null };

let stack: AsyncDisposableStack;
let database: TestDatabase;
let service: Replica;
let store: ConsistencyStore;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  ({ database, service } = stack.use(await startSystem({ env: fixedAt(50) })));
  store = stack.use(await openConsistencyStore(database.url));
});
afterEach(() => stack.disposeAsync());

async function write(id: number, ...queries: string[]): Promise<string> {
  let path = '';
  for (const query of queries) {
    const { status, headers } = await service.update(id, query);
    assert.equal(status, 200);
    path = headers['rollout-path'] as string;
  }
  return path;
}

/** Three changes each of records 1 to `last`: half of them by each path, about. */
async function writeMany(last: number): Promise<void> {
  const paths = new Set<string>();
  for (let id = 1; id <= last; id += 1) {
    paths.add(
      await write(id, 'status=confirmed&notes=one&handled_by=ana', 'status=resolved', 'status=pending&notes=two'),
    );
  }
  assert.deepEqual(paths, new Set(['legacy', 'domain']));
}

async function check(since: string | null = null) {
  const { id, progress, isFinished } = await checkConsistency({ store, check: await store.begin({ ...NEW, since }) });
  assert.ok(isFinished);
  const { findings, violations } = await store.found(id, 1_000);
  assert.equal(findings.length, progress.findings);
  assert.equal(violations, new Set(findings.map(({ violationId }) => violationId)).size);
  const found = findings.map(({ violationId, version, kind, field }) => [violationId, version, kind, field].join(' '));
  return { id, progress, findings, found };
}

test('what both paths wrote agrees with its history, records and changes are counted', async () => {
  await writeMany(20);
  const { found, progress } = await check();
  assert.deepEqual(found, []);
  assert.deepEqual(progress, { doneThrough: '1000', records: 1_000, changes: 60, findings: 0 });
});

/** Each is done to record 7, which has three changes, and leads to these findings. */
const DAMAGES: Readonly<Record<string, readonly [sql: string, ...found: string[]]>> = {
  'a record of another status': ["UPDATE violations SET status = 'resolved' WHERE id = 7", '7 0 record-differs status'],
  'a record without its notes': ['UPDATE violations SET notes = NULL WHERE id = 7', '7 0 record-differs notes'],
  'a record handled by nobody': [
    'UPDATE violations SET handled_by = NULL WHERE id = 7',
    '7 0 record-differs handled_by',
  ],
  'a record handled a millisecond earlier': [
    "UPDATE violations SET handled_at = handled_at - interval '1 ms' WHERE id = 7",
    '7 0 record-differs handled_at',
  ],
  'a record handled never to end': [
    "UPDATE violations SET handled_at = 'infinity' WHERE id = 7",
    '7 0 record-differs handled_at',
  ],
  'a record that counts less': ['UPDATE violations SET version = 1 WHERE id = 7', '7 0 record-differs version'],
  'a record that counts more': ['UPDATE violations SET version = 9 WHERE id = 7', '7 4 history-gap version'],
  'a first change that is missing': [
    'DELETE FROM violation_status_history WHERE violation_id = 7 AND version = 1',
    '7 1 history-gap version',
  ],
  'a second change that is missing': [
    'DELETE FROM violation_status_history WHERE violation_id = 7 AND version = 2',
    '7 2 history-gap version',
  ],
  'a last change that is missing': [
    'DELETE FROM violation_status_history WHERE violation_id = 7 AND version = 3',
    '7 3 history-gap version',
  ],
  'a history that is missing': [
    'DELETE FROM violation_status_history WHERE violation_id = 7',
    '7 1 history-gap version',
  ],
  'a change that began elsewhere': [
    "UPDATE violation_status_history SET status_before = 'false_positive', notes_before = 'x' WHERE violation_id = 7 AND version = 2",
    '7 2 broken-chain notes',
    '7 2 broken-chain status',
  ],
  'a time that went backwards': [
    `UPDATE violation_status_history SET handled_at_after = '2020-01-01' WHERE violation_id = 7 AND version = 3;
     UPDATE violations SET handled_at = '2020-01-01' WHERE id = 7`,
    '7 3 handled-at-backwards handled_at',
  ],
  'a time before there were years': [
    `UPDATE violation_status_history SET handled_at_after = '0044-03-15 BC' WHERE violation_id = 7 AND version = 3;
     UPDATE violations SET handled_at = '0044-03-15 BC' WHERE id = 7`,
    '7 3 handled-at-backwards handled_at',
  ],
  'a status outside the set': [
    `ALTER TABLE violations DROP CONSTRAINT violations_status_check;
     UPDATE violation_status_history SET status_after = 'gone' WHERE violation_id = 7 AND version = 3;
     UPDATE violations SET status = 'gone' WHERE id = 7`,
    '7 0 unknown-status status',
    '7 3 unknown-status status',
  ],
  'notes that were lost': [
    `UPDATE violation_status_history SET notes_after = NULL WHERE violation_id = 7 AND version = 2;
     UPDATE violation_status_history SET notes_before = NULL WHERE violation_id = 7 AND version = 3`,
    '7 2 value-lost notes',
  ],
  'a handler that was lost': [
    `UPDATE violation_status_history SET handled_by_after = NULL WHERE violation_id = 7 AND version = 3;
     UPDATE violations SET handled_by = NULL WHERE id = 7`,
    '7 3 value-lost handled_by',
  ],
  'a write applied twice to one record': [
    `ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_write_once;
     UPDATE violation_status_history SET write_id = (SELECT write_id FROM violation_status_history WHERE violation_id = 7 AND version = 1)
     WHERE violation_id = 7 AND version = 3`,
    '7 3 applied-twice write_id',
  ],
  'a write applied to two records, the other one first': [
    `ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_write_once;
     UPDATE violation_status_history SET write_id = (SELECT write_id FROM violation_status_history WHERE violation_id = 8 AND version = 1)
     WHERE violation_id = 7 AND version = 2;
     UPDATE violation_status_history SET changed_at = changed_at - interval '1 hour' WHERE violation_id = 8`,
    '7 2 applied-twice write_id',
  ],
  'a write applied twice where the index is broken': [
    `ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_write_once;
     CREATE UNIQUE INDEX ON violation_status_history (write_id) WHERE violation_id < 7;
     UPDATE violation_status_history SET write_id = (SELECT write_id FROM violation_status_history WHERE violation_id = 7 AND version = 1)
     WHERE violation_id = 7 AND version = 3`,
    '7 3 applied-twice write_id',
  ],
  'two changes of one version': [
    `ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_pkey;
     INSERT INTO violation_status_history SELECT violation_id, version, gen_random_uuid(), request_id, path, status_before, status_after,
       notes_before, notes_after, handled_by_before, handled_by_after, handled_at_before, handled_at_after, changed_at
     FROM violation_status_history WHERE violation_id = 7 AND version = 2`,
    '7 2 applied-twice version',
  ],
  'two last changes of one version, of which the record is what the later one left': [
    `ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_pkey;
     INSERT INTO violation_status_history SELECT violation_id, version, gen_random_uuid(), request_id, path, status_before, status_after,
       notes_before, 'x', handled_by_before, handled_by_after, handled_at_before, handled_at_after, changed_at - interval '1 h'
     FROM violation_status_history WHERE violation_id = 7 AND version = 3`,
    '7 3 applied-twice version',
  ],
  'two last changes of one version, the other way round': [
    `ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_pkey;
     INSERT INTO violation_status_history SELECT violation_id, version, gen_random_uuid(), request_id, path, status_before, status_after,
       notes_before, 'x', handled_by_before, handled_by_after, handled_at_before, handled_at_after, changed_at + interval '1 h'
     FROM violation_status_history WHERE violation_id = 7 AND version = 3;
     UPDATE violations SET notes = 'x' WHERE id = 7`,
    '7 3 applied-twice version',
  ],
  'a record that is gone': ['DELETE FROM violations WHERE id = 7'],
  'a record that was never changed, of odd values': [
    "UPDATE violations SET notes = 'from before', handled_at = now() WHERE id = 900",
  ],
};

for (const [what, [sql, ...found]] of Object.entries(DAMAGES)) {
  test(`${what}: ${found.length === 0 ? 'no finding' : found.join(', ')}`, async () => {
    await writeMany(9);
    await database.query(sql);
    assert.deepEqual((await check()).found, found);
  });
}

test('a finding has both values in the form they are repaired by, and the record as it was seen', async () => {
  await writeMany(9);
  await database.query("UPDATE violations SET handled_at = '2026-03-01 12:00:00.5Z', notes = 'odd' WHERE id = 7");
  const { findings } = await check();
  const [last] = (await database.history(7)).slice(-1);
  const seen = {
    id: '7',
    status: 'pending',
    notes: 'odd',
    handled_by: 'ana',
    handled_at: '2026-03-01T12:00:00.500Z',
    version: 3,
  };
  const finding = { violationId: '7', version: 0, kind: 'record-differs', held: false, seen };
  assert.deepEqual(findings, [
    {
      ...finding,
      field: 'handled_at',
      expected: last?.handled_at_after.toISOString(),
      actual: '2026-03-01T12:00:00.500Z',
    },
    { ...finding, field: 'notes', expected: 'two', actual: 'odd' },
  ]);
});

test('a repair in the history settles what was before it', async () => {
  await writeMany(9);
  await database.query('DELETE FROM violation_status_history WHERE violation_id = 7 AND version = 2');
  assert.deepEqual((await check()).found, ['7 2 history-gap version']);
  await database.query("UPDATE violation_status_history SET path = 'repair' WHERE violation_id = 7 AND version = 3");
  assert.deepEqual((await check()).found, []);
});

test('since a time, only the records with a change since are looked at, with the change before for the chain', async () => {
  await writeMany(9);
  await database.query("UPDATE violation_status_history SET changed_at = changed_at - interval '1 day'");
  await write(7, 'status=resolved', 'status=confirmed');
  await database.query("UPDATE violations SET notes = 'odd' WHERE id = 8");
  await database.query("UPDATE violation_status_history SET notes_after = 'x' WHERE violation_id = 7 AND version = 1");
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const quiet = await check(since);
  assert.deepEqual([quiet.found, quiet.progress.records, quiet.progress.changes], [[], 1, 2]);
  await database.query("UPDATE violation_status_history SET notes_after = 'x' WHERE violation_id = 7 AND version = 3");
  assert.deepEqual((await check(since)).found, ['7 4 broken-chain notes']);
  await database.query('DELETE FROM violation_status_history WHERE violation_id = 7 AND version = 3');
  assert.deepEqual((await check(since)).found, ['7 3 history-gap version']);
  const none = await check(new Date(Date.now() + 3_600_000).toISOString());
  assert.deepEqual([none.progress.records, none.progress.changes], [0, 0]);
});

test('since a time, a write applied before it counts as the first', async () => {
  await writeMany(9);
  await database.query(`ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_write_once`);
  await database.query(
    "UPDATE violation_status_history SET changed_at = changed_at - interval '1 day' WHERE violation_id <> 7",
  );
  await database.query(`UPDATE violation_status_history
    SET write_id = (SELECT write_id FROM violation_status_history WHERE violation_id = 9 AND version = 3)
    WHERE violation_id = 7 AND version = 1`);
  const { found, findings } = await check(new Date(Date.now() - 3_600_000).toISOString());
  assert.deepEqual([found, findings[0]?.expected], [['7 1 applied-twice write_id'], '9/3']);
});

test('changes that are made during a check are no findings', async () => {
  await database.query('INSERT INTO violations (id) SELECT generate_series(1001, 8000)');
  await writeMany(20);
  const writing = new AbortController();
  let written = 0;
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let turn = 0; !writing.signal.aborted; turn += 1) {
      // The first ids are read early and the last ones late; both change all the time.
      await write(turn % 2 === 0 ? 1 + (turn % 20) : 7_990 + writer, `status=confirmed&notes=${writer}-${turn}`);
      written += 1;
    }
  });
  const late: ConsistencyStore = {
    ...store,
    read: async (...given) => {
      const snapshot = await store.read(...given);
      const before = written;
      await until('much was written since', () => written > before + 50);
      return snapshot;
    },
  };
  try {
    for (let round = 0; round < 3; round += 1) {
      const { id } = await checkConsistency({ store: late, check: await store.begin(NEW) });
      assert.deepEqual((await store.found(id, 10)).findings, []);
    }
  } finally {
    writing.abort();
    await Promise.all(writers);
  }
  assert.deepEqual((await check()).found, []);
});

/** Records enough for several batches, each tenth of them damaged. */
async function makeMany(): Promise<void> {
  await database.query('INSERT INTO violations (id, version) SELECT id, 0 FROM generate_series(1001, 21000) id');
  await database.query(`INSERT INTO violation_status_history (violation_id, version, write_id, request_id, path,
      status_before, status_after, handled_at_after)
    SELECT id, 1, gen_random_uuid(), 'r', 'legacy', 'pending', 'confirmed', now() FROM generate_series(1001, 21000) id`);
  await database.query(`UPDATE violations SET version = 1, status = 'confirmed', handled_at = h.handled_at_after
    FROM violation_status_history h WHERE h.violation_id = id`);
  await database.query("UPDATE violations SET status = 'resolved' WHERE id > 1000 AND id % 10 = 0");
}

async function keptOf(id: string): Promise<Check> {
  const found = await store.find(id);
  assert.ok(found !== undefined);
  return found;
}

test('interrupted in the middle, it goes on in a new snapshot, and has each finding once', async () => {
  await makeMany();
  const stop = new AbortController();
  const begun = await store.begin(NEW);
  let looks = 0;
  const interrupted = await checkConsistency({
    store,
    check: begun,
    signal: stop.signal,
    onProgress: () => {
      looks += 1;
      if (looks === 2) {
        stop.abort();
      }
    },
  });
  const kept = await keptOf(begun.id);
  assert.deepEqual(kept, interrupted);
  assert.ok(!kept.isFinished && kept.progress.records > 1_000 && kept.progress.records < 20_000);
  assert.ok(kept.progress.findings > 0);
  await database.query("UPDATE violations SET status = 'confirmed' WHERE id = 10 OR id = 20990");
  const done = await checkConsistency({ store, check: kept });
  assert.deepEqual(done.progress, { doneThrough: '21000', records: 21_000, changes: 20_000, findings: 1_999 });
  const { findings, violations } = await store.found(begun.id, 10_000);
  assert.deepEqual([findings.length, violations], [1_999, 1_999]);
  assert.deepEqual(await keptOf(begun.id), done);
});

test('whichever of its connections breaks, what is kept is whole and it can be gone on with', async () => {
  await makeMany();
  for (const which of ["state = 'idle'", "state LIKE 'idle in transaction%'"]) {
    await using broken = await openConsistencyStore(database.url);
    const begun = await broken.begin(NEW);
    let broke = false;
    const onProgress = () => {
      broke ||= true;
    };
    const breaking: ConsistencyStore = {
      ...broken,
      advance: async (...given) => {
        if (broke) {
          await database.query(
            `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${which} AND query ~ 'consistency|COMMIT|FETCH'`,
          );
        }
        return broken.advance(...given);
      },
    };
    await assert.rejects(checkConsistency({ store: breaking, check: begun, onProgress }), {
      name: 'CheckError',
      kind: 'unreachable',
    });
    await using again = await openConsistencyStore(database.url);
    const kept = (await again.find(begun.id)) as Check;
    assert.ok(!kept.isFinished && kept.progress.records > 0 && kept.progress.records < 21_000);
    const { progress } = await checkConsistency({ store: again, check: kept });
    const { findings } = await again.found(begun.id, 10_000);
    assert.deepEqual([progress.records, progress.findings, findings.length], [21_000, 2_000, 2_000]);
  }
});

test('where findings cannot be kept, neither is the progress behind them', async () => {
  await makeMany();
  await database.query(
    'ALTER TABLE consistency_findings ADD CONSTRAINT none_of_these CHECK (violation_id NOT BETWEEN 10000 AND 10100)',
  );
  const begun = await store.begin(NEW);
  await assert.rejects(checkConsistency({ store, check: begun }), { kind: 'refused', message: /none_of_these/ });
  const kept = await keptOf(begun.id);
  assert.ok(kept.progress.records > 1_000 && Number(kept.progress.doneThrough) < 10_000);
  const { findings } = await store.found(begun.id, 10_000);
  assert.equal(findings.length, kept.progress.findings);
  await database.query('ALTER TABLE consistency_findings DROP CONSTRAINT none_of_these');
  const { progress } = await checkConsistency({ store, check: kept });
  assert.deepEqual([progress.findings, (await store.found(begun.id, 10_000)).findings.length], [2_000, 2_000]);
});

test('it needs no more rights than to read the data and to write checks', async () => {
  await writeMany(2);
  const role = `${database.name}_check`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'check'`);
  stack.defer(async () => void (await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)));
  await database.query(`GRANT SELECT ON violations, violation_status_history TO ${role};
    GRANT SELECT, INSERT, UPDATE ON consistency_checks TO ${role};
    GRANT SELECT, INSERT ON consistency_findings TO ${role}`);
  await database.query("UPDATE violations SET notes = 'odd' WHERE id = 2");
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'check'];
  await using limited = await openConsistencyStore(url.href);
  const { progress, isFinished } = await checkConsistency({ store: limited, check: await limited.begin(NEW) });
  assert.deepEqual([progress.findings, isFinished], [1, true]);
});

test('two that go on with one check: the second one is refused, and nothing is counted twice', async () => {
  await makeMany();
  const begun = await store.begin(NEW);
  await using other = await openConsistencyStore(database.url);
  const [first, second] = await Promise.allSettled([
    checkConsistency({ store, check: begun }),
    checkConsistency({ store: other, check: begun }),
  ]);
  const refused = [first, second].filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 1);
  assert.match(String((refused[0] as PromiseRejectedResult).reason), /somebody else is continuing it/);
  const { progress, isFinished } = await keptOf(begun.id);
  assert.deepEqual([progress.records, progress.findings, isFinished], [21_000, 2_000, true]);
});

test('pages and batches stay as small as they are, however many records there are', async () => {
  await makeMany();
  const pages: number[] = [];
  const batches: number[] = [];
  const watched: ConsistencyStore = {
    ...store,
    read: async (given, signal) => {
      const snapshot = await store.read(given, signal);
      const count = async <T>(page: Promise<readonly T[]>) => {
        pages.push((await page).length);
        return page;
      };
      return {
        ...snapshot,
        nextRecords: () => count(snapshot.nextRecords()),
        nextChanges: () => count(snapshot.nextChanges()),
        [Symbol.asyncDispose]: () => snapshot[Symbol.asyncDispose](),
      };
    },
    advance: (id, from, to, findings) => {
      batches.push(to.records + to.changes - from.records - from.changes);
      return store.advance(id, from, to, findings);
    },
  };
  const { progress } = await checkConsistency({ store: watched, check: await store.begin(NEW) });
  assert.equal(progress.records, 21_000);
  assert.ok(Math.max(...pages) <= 2_000 && pages.length >= 20, String(pages));
  assert.ok(Math.max(...batches) <= 5_001 && batches.length >= 8, String(batches));
});

test('a record with very many changes is judged without holding them all at once', async () => {
  await database.query(`INSERT INTO violation_status_history (violation_id, version, write_id, request_id, path,
      status_before, status_after, handled_at_before, handled_at_after)
    SELECT 7, v, gen_random_uuid(), 'r', 'legacy', 'confirmed', 'confirmed',
      timestamptz '2026-03-01' + (v - 1) * interval '1 s', timestamptz '2026-03-01' + v * interval '1 s'
    FROM generate_series(1, 12000) v`);
  await database.query(`UPDATE violations SET version = 12000, status = 'confirmed',
    handled_at = timestamptz '2026-03-01' + 12000 * interval '1 s' WHERE id = 7`);
  assert.deepEqual((await check()).found, []);
  await database.query(
    'DELETE FROM violation_status_history WHERE violation_id = 7 AND version IN (2000, 2001, 11999)',
  );
  assert.deepEqual((await check()).found, ['7 2000 history-gap version', '7 11999 history-gap version']);
});
