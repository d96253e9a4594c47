import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketHundredths } from '../routing/bucket.ts';
import { borrowRecord, idFor, takes } from './records.ts';
import type { Answer } from './target.ts';

const ROLLOUT = 'violation-status';
const serving = (least: number, most = least) => ({ least, most });

test('a record made for a path takes it at every percent from 1 to 99, and is one that numbers would lose digits of', () => {
  for (const path of ['domain', 'legacy'] as const) {
    const id = idFor(path, ROLLOUT);
    assert.ok(BigInt(id) > 2n ** 53n && BigInt(id) < 2n ** 63n, id);
    for (let percent = 1; percent <= 99; percent += 1) {
      assert.ok(takes(path, ROLLOUT, id, serving(percent)), `${path} at ${percent} %`);
    }
  }
});

test('no record takes domain at 0 %, legacy at 100 %, or is known to take either where nobody says what is served', () => {
  const [domain, legacy] = [idFor('domain', ROLLOUT), idFor('legacy', ROLLOUT)];
  assert.deepEqual(
    [takes('domain', ROLLOUT, domain, serving(0)), takes('legacy', ROLLOUT, legacy, serving(0))],
    [false, true],
  );
  assert.deepEqual(
    [takes('domain', ROLLOUT, domain, serving(100)), takes('legacy', ROLLOUT, legacy, serving(100))],
    [true, false],
  );
  assert.deepEqual(
    [takes('domain', ROLLOUT, domain, undefined), takes('legacy', ROLLOUT, legacy, undefined)],
    [false, false],
  );
});

test('while replicas serve different percents, a record takes only the path that all of them lead it to', () => {
  const id = '42';
  const percent = bucketHundredths(ROLLOUT, id) / 100;
  const [below, above] = [Math.floor(percent), Math.floor(percent) + 1];
  const taken = (least: number, most: number) => [
    takes('domain', ROLLOUT, id, serving(least, most)),
    takes('legacy', ROLLOUT, id, serving(least, most)),
  ];
  assert.deepEqual(taken(above, above), [true, false]);
  assert.deepEqual(taken(below, below), [false, true]);
  assert.deepEqual(taken(below, above), [false, false]);
});

test('a borrowed record is written back as it was, nulls as empty texts, and one that is not there is reported', async () => {
  const written: string[] = [];
  const answer = (status: number, text: string): Answer => ({ status, text, header: () => null });
  const records = borrowRecord({
    read: async (id) =>
      id === '1' ? answer(200, '{"id":1,"status":"resolved","notes":"a & b","handled_by":null}') : answer(404, '{}'),
    update: async (id, query) => {
      written.push(`${id}?${query}`);
      return answer(200, '');
    },
  });
  await records.make(['1']);
  await records.remove(['1']);
  assert.deepEqual(written, ['1?status=resolved&notes=a+%26+b&handled_by=']);
  await assert.rejects(records.make(['2']), /reading 2 was answered 404/);
  await records.remove(['2']);
  assert.equal(written.length, 1, 'what was never read is not written');
});
