import assert from 'node:assert/strict';
import { test } from 'node:test';
import Type, { type TSchema } from 'typebox';
import { compile } from './schema.ts';
import { inWords, shown } from './schema-errors.ts';

const Order = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9]+$', maxLength: 3, description: 'up to 3 digits' }),
    at: Type.Optional(Type.String({ format: 'date-time', description: 'an RFC 3339 time' })),
    size: Type.Optional(Type.Union([Type.Number(), Type.String()], { description: 'a size with its unit' })),
    lines: Type.Array(Type.Object({ 'a/b': Type.Integer({ minimum: 1, maximum: 9 }) })),
  },
  { additionalProperties: false },
);

function wordsFor(schema: TSchema, value: unknown): string[] {
  const checked = compile(schema)(value);
  return checked.ok ? [] : checked.wrong.map((wrong) => inWords(wrong, 'the order'));
}

test('each wrong place is named once, with its value and what is allowed', () => {
  assert.deepEqual(wordsFor(Order, { id: 'twelve', size: true, lines: [{ 'a/b': 10 }, 'x'], note: 1 }), [
    'the order has an unknown key note; allowed: id, at, size, lines',
    'id is "twelve"; allowed: up to 3 digits',
    'size is true; allowed: a size with its unit',
    'lines.0.a/b is 10; allowed: a whole number from 1 to 9',
    'lines.1 is "x"; allowed: an object',
  ]);
});

test('what is missing is named with what belongs there, and a value of another type by itself', () => {
  assert.deepEqual(wordsFor(Order, { id: '7' }), ['the order lacks lines; allowed: a list']);
  assert.deepEqual(wordsFor(Order, undefined), ['the order is nothing; allowed: an object']);
});

for (const time of ['2026-02-03T04:05:06Z', '2026-02-03T04:05:06.123456789+01:00', '2026-02-03T04:05Z']) {
  test(`${time} is a time`, () => assert.deepEqual(wordsFor(Order, { id: '1', at: time, lines: [] }), []));
}
for (const time of ['2026-13-01T00:00:00Z', '2026-02-03', 'now 12', '2026-02-03 04:05:06Z']) {
  test(`${time} is none`, () => {
    const words = [`at is "${time}"; allowed: an RFC 3339 time`];
    assert.deepEqual(wordsFor(Order, { id: '1', at: time, lines: [] }), words);
  });
}

test('a value of very many parts is not looked through: its first error is named', () => {
  const lines = Array(200_000).fill('x');
  const startedAt = performance.now();
  const words = wordsFor(Order, { id: '1', lines });
  assert.ok(performance.now() - startedAt < 500);
  assert.equal(words.length, 1);
  assert.equal(words[0], 'lines.0 is "x"; allowed: an object');
  assert.equal(wordsFor(Order, { id: '1', lines: lines.slice(0, 2_000) }).length, 2_000);
});

test('of a long value the beginning is shown, and of a key that is no name too', () => {
  assert.equal(shown('x'.repeat(200)), `"${'x'.repeat(79)}…`);
  assert.match(wordsFor(Order, { id: '1', lines: [], ['\n'.repeat(90)]: 1 })[0] ?? '', /unknown key "(\\n){39}\\?…;/);
  assert.match(shown(JSON.parse('['.repeat(200_000) + ']'.repeat(200_000))), /^\[{80}…$|too deeply/);
});
