import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createFakeClock, type FakeClock } from '../../../test/support/fake-clock.ts';
import type { Question } from './question.ts';
import { createReaders, type Readers } from './readers.ts';

type Underway = { readonly question: Question; readonly end: (text: string) => void; readonly fail: () => void };

/** What was given to work on, in order. */
let begun: Underway[];
let revision: number;
let clock: FakeClock;
let readers: Readers;
beforeEach(() => {
  begun = [];
  revision = 1;
  clock = createFakeClock();
  readers = createReaders({
    work: (question) => {
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
      begun.push({ question, end: (text) => resolve(Buffer.from(text)), fail: () => reject(new Error('it broke')) });
      return promise;
    },
    revision: () => revision,
    clock,
  });
});

const REPORT: Question = { kind: 'report', language: 'en', format: 'md' };
const history = (limit: number): Question => ({ kind: 'history', limit });
const textOf = async (answer: ReturnType<Readers>) => {
  const given = await answer;
  return given.kind === 'answered' ? String(given.body) : given;
};
const settled = () => clock.advance(0);

test('fifty who ask the same are answered by one piece of work', async () => {
  const answers = Array.from({ length: 50 }, () => textOf(readers({ ...REPORT })));
  await settled();
  begun[0]?.end('the report');
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['the report']));
  assert.equal(begun.length, 1);
});

test('one question is worked on at a time, in the order they were asked', async () => {
  void readers(REPORT);
  void readers(history(1));
  await settled();
  assert.deepEqual(
    begun.map(({ question }) => question),
    [REPORT],
  );
  begun[0]?.end('');
  await settled();
  assert.deepEqual(begun[1]?.question, history(1));
});

for (const [question, ms] of [
  [history(50), 2_000],
  [{ kind: 'measurements', fromMs: 0 }, 2_000],
  [REPORT, 5_000],
] as const) {
  test(`an answer of ${question.kind} is kept for ${ms} ms, and no longer`, async () => {
    const first = textOf(readers(question));
    await settled();
    begun[0]?.end('first');
    assert.equal(await first, 'first');
    await clock.advance(ms - 1);
    assert.equal(await textOf(readers(question)), 'first');
    await clock.advance(1);
    const second = textOf(readers(question));
    await settled();
    begun[1]?.end('second');
    assert.equal(await second, 'second');
  });
}

test('what was recorded since an answer was begun is in the next one', async () => {
  const before = textOf(readers(REPORT));
  await settled();
  revision = 2;
  const after = textOf(readers(REPORT));
  begun[0]?.end('without');
  assert.equal(await before, 'without');
  await settled();
  begun[1]?.end('with');
  assert.equal(await after, 'with');
  assert.equal(await textOf(readers(REPORT)), 'with');
  assert.equal(begun.length, 2);
});

test('what was recorded while a question waited is in its answer: nobody has to ask again', async () => {
  void readers(history(1));
  void readers(REPORT);
  revision = 2;
  void readers(REPORT);
  await settled();
  begun[0]?.end('');
  await settled();
  begun[1]?.end('');
  await settled();
  assert.equal(begun.length, 2);
});

test('beyond sixteen that wait, another question is refused, one that is known is not, and then there is room again', async () => {
  for (let limit = 1; limit <= 16; limit += 1) {
    void readers(history(limit));
  }
  assert.equal((await readers(history(17))).kind, 'busy');
  const known = textOf(readers(history(16)));
  for (let at = 0; at < 16; at += 1) {
    await settled();
    begun[at]?.end(`answer ${at + 1}`);
  }
  assert.equal(await known, 'answer 16');
  void readers(history(17));
  await settled();
  assert.deepEqual(begun[16]?.question, history(17));
});

test('what fails is said to all who wait for it, is not tried again at once, and holds up nobody else', async () => {
  const failed = [textOf(readers(REPORT)), textOf(readers(REPORT))];
  const other = textOf(readers(history(1)));
  await settled();
  begun[0]?.fail();
  const expected = { kind: 'failed', why: 'it broke' };
  assert.deepEqual(await Promise.all(failed), [expected, expected]);
  assert.deepEqual(await textOf(readers(REPORT)), expected);
  await settled();
  begun[1]?.end('history');
  assert.equal(await other, 'history');
});

test('no more than sixteen answers are kept, the latest ones', async () => {
  for (let limit = 1; limit <= 17; limit += 1) {
    const answer = textOf(readers(history(limit)));
    await settled();
    begun[limit - 1]?.end('');
    await answer;
  }
  void readers(history(2));
  await settled();
  assert.equal(begun.length, 17);
  void readers(history(1));
  await settled();
  assert.equal(begun.length, 18);
});
