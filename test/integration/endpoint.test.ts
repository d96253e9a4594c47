import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { fixedAt, startSystem } from '../support/system/system.ts';

const system = await startSystem({ env: fixedAt(0) });
const { database, service } = system;
after(() => system[Symbol.asyncDispose]());

for (const path of ['legacy', 'domain'] as const) {
  const force = `force_domain=${path === 'domain'}`;

  describe(`the ${path} path`, () => {
    test('answers an update with exactly three members, and says who answered and why', async () => {
      const answer = await service.update(1, `status=confirmed&${force}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.text, '{"ok":true,"violation_id":1,"status":"confirmed"}');
      assert.match(String(answer.headers['content-type']), /^application\/json/);
      assert.equal(answer.headers['rollout-path'], path);
      assert.equal(answer.headers['rollout-decision'], 'forced');
    });

    test('takes every status', async () => {
      for (const status of ['pending', 'confirmed', 'false_positive', 'resolved']) {
        assert.equal((await service.update(2, `status=${status}&${force}`)).json.status, status);
        assert.equal((await service.read(2)).json.status, status);
      }
    });

    test('writes status, notes, handled_by and handled_at, and keeps what was not given', async () => {
      const id = path === 'domain' ? 10 : 11;
      const startedAt = Date.now();
      await service.update(id, `status=confirmed&notes=seen+on+site&handled_by=Zo%C3%AB%20%E6%9D%8E&${force}`);
      const first = (await service.read(id)).json;
      assert.equal(first.notes, 'seen on site');
      assert.equal(first.handled_by, 'Zoë 李');
      assert.equal(first.version, 1);
      assert.ok(Math.abs(Date.parse(first.handled_at) - startedAt) < 5_000);

      await service.update(id, `status=resolved&${force}`);
      const second = (await service.read(id)).json;
      assert.deepEqual([second.status, second.notes, second.handled_by], ['resolved', 'seen on site', 'Zoë 李']);
      assert.ok(second.handled_at >= first.handled_at);

      await service.update(id, `status=resolved&notes=&${force}`);
      assert.equal((await service.read(id)).json.notes, '', 'an empty text is a given one');
    });

    test('never moves handled_at backwards, even where the record has a later time than the clock', async () => {
      const id = path === 'domain' ? 12 : 13;
      await database.query("UPDATE violations SET handled_at = '2100-01-01T00:00:00Z' WHERE id = $1", [id]);
      await service.update(id, `status=resolved&${force}`);
      assert.equal((await service.read(id)).json.handled_at, '2100-01-01T00:00:00.000Z');
    });

    test('leaves one history row for each change, with what was before and after', async () => {
      const id = path === 'domain' ? 20 : 21;
      await service.update(id, `status=confirmed&notes=one&${force}`, { headers: { 'X-Request-Id': 'first' } });
      await service.update(id, `status=resolved&handled_by=me&${force}`, { headers: { 'X-Request-Id': 'second' } });
      const rows = await database.history(id);
      assert.deepEqual(
        rows.map((row) => [row.version, row.path, row.request_id, row.status_before, row.status_after]),
        [
          [1, path, 'first', 'pending', 'confirmed'],
          [2, path, 'second', 'confirmed', 'resolved'],
        ],
      );
      assert.deepEqual(
        rows.map((row) => [row.notes_before, row.notes_after, row.handled_by_before, row.handled_by_after]),
        [
          [null, 'one', null, null],
          ['one', 'one', null, 'me'],
        ],
      );
      assert.equal(rows[0]?.handled_at_before, null);
      assert.deepEqual(rows[1]?.handled_at_before, rows[0]?.handled_at_after);
    });

    test('keeps every digit of ids beyond 2^53', async () => {
      for (const id of ['9007199254740993', '9223372036854775807']) {
        await database.query('INSERT INTO violations (id) VALUES ($1) ON CONFLICT DO NOTHING', [id]);
        const answer = await service.update(id, `status=confirmed&${force}`);
        assert.equal(answer.text, `{"ok":true,"violation_id":${id},"status":"confirmed"}`);
        assert.match((await service.read(id)).text, new RegExp(`^{"id":${id},`));
      }
    });

    test('answers 404 for an unknown id, without a fallback and without a history row', async () => {
      const answer = await service.update(999_999, `status=confirmed&${force}`);
      assert.equal(answer.status, 404);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      assert.equal(answer.headers['rollout-path'], path);
      assert.equal(answer.json.detail, 'There is no violation 999999.');
      assert.deepEqual(await database.history(999_999), []);
      assert.equal(await service.metric('sluice_path_requests_total', { path, outcome: 'rejected' }), 1);
      assert.equal(await service.metric('sluice_fallbacks_total', { reason: 'error' }), 0);
    });

    test('keeps SQL in any field as the text it is', async () => {
      const sql = "'; DROP TABLE violations; --";
      const id = path === 'domain' ? 30 : 31;
      const encoded = encodeURIComponent(sql);
      assert.equal(
        (await service.update(id, `status=confirmed&notes=${encoded}&handled_by=${encoded}&${force}`)).status,
        200,
      );
      const { notes, handled_by } = (await service.read(id)).json;
      assert.deepEqual([notes, handled_by], [sql, sql]);
      assert.equal((await service.update(id, `status=${encoded}&${force}`)).status, 400);
      assert.equal((await service.update(encodeURIComponent(`1 OR 1=1`), `status=confirmed&${force}`)).status, 400);
    });

    test('takes 2,000 characters of notes and 100 of handled_by, in any script', async () => {
      const notes = '违'.repeat(2_000);
      const handledBy = '😀'.repeat(100);
      const query = `status=confirmed&notes=${encodeURIComponent(notes)}&handled_by=${encodeURIComponent(handledBy)}&${force}`;
      assert.equal((await service.update(40, query)).status, 200);
      const record = (await service.read(40)).json;
      assert.deepEqual([record.notes, record.handled_by], [notes, handledBy]);
    });

    test('applies 50 concurrent writers to one record one after the other, none lost', async () => {
      const id = path === 'domain' ? 50 : 51;
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, writer) =>
          service.update(id, `status=confirmed&notes=${writer}&handled_by=w${writer}&${force}`),
        ),
      );
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      await assertChain(id, 50);
      assert.equal(new Set((await database.history(id)).map((row) => row.notes_after)).size, 50);
    });
  });
}

test('applies 50 concurrent writers on both paths to one record one after the other, none lost', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, writer) =>
      service.update(60, `status=resolved&notes=${writer}&force_domain=${writer % 2 === 0}`),
    ),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  await assertChain(60, 50);
});

/** Each history row begins where the one before it ended, and the record is where the last one ended. */
async function assertChain(id: number, length: number): Promise<void> {
  const rows = await database.history(id);
  assert.equal(rows.length, length);
  for (const [at, row] of rows.entries()) {
    assert.equal(row.version, at + 1);
    const before = rows[at - 1];
    if (before) {
      assert.deepEqual(
        [row.status_before, row.notes_before, row.handled_by_before, row.handled_at_before],
        [before.status_after, before.notes_after, before.handled_by_after, before.handled_at_after],
      );
      assert.ok(row.handled_at_after >= before.handled_at_after);
    }
  }
  const last = rows.at(-1);
  const record = (await service.read(id)).json;
  assert.deepEqual(
    [record.version, record.status, record.notes, record.handled_by, record.handled_at],
    [length, last?.status_after, last?.notes_after, last?.handled_by_after, last?.handled_at_after.toISOString()],
  );
}
