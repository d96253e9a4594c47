import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultActor, readInterval, readPercent } from '../arguments.ts';
import { readUrl } from '../connection.ts';
import { createPaint, wantsColor } from './output.ts';
import { cut, hanging, pad, printable, table, widthOf, wrap } from './text.ts';

test('a text takes the columns a terminal gives it: Chinese and emoji two each, colours none', () => {
  assert.equal(widthOf('违规状态'), 8);
  assert.equal(widthOf('👍🏽👨‍👩‍👧🇨🇳'), 6);
  assert.equal(widthOf('e\u0301'), 1);
  assert.equal(widthOf(createPaint(true).red('✔ done')), 6);
  assert.equal(pad('状态', 6), '状态  ');
});

test('a text that is cut shows it and never is wider than it may be', () => {
  assert.equal(cut('consistency', 8), 'consist…');
  assert.equal(widthOf(cut('状态状态状态', 6)), 5);
  assert.equal(cut('👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', 5), '👨‍👩‍👧👨‍👩‍👧…');
  assert.equal(cut('short', 8), 'short');
  assert.equal(cut('short', 0), '');
});

test('words are wrapped, words that are too long are broken, and nothing is lost', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  assert.equal(wrap('x'.repeat(25), 10).join(''), 'x'.repeat(25));
  assert.equal(wrap('状'.repeat(15), 7).join(''), '状'.repeat(15));
  assert.deepEqual(wrap('', 7), []);
  const { red } = createPaint(true);
  assert.deepEqual(wrap(red('one two'), 4), [red('one'), red('two')]);
  assert.deepEqual(hanging('! ', 'a warning that is long', 22), ['! a warning that is', '  long']);
});

test('columns stand below each other, and the one that shrinks makes room', () => {
  const rows = [
    ['a', '1'],
    ['bb', '22'],
  ];
  assert.deepEqual(table(rows, [{}, { side: 'right' }], 80), ['a    1', 'bb  22']);
  for (const line of table([['a-very-long-name', '1234567890']], [{ shrinks: true }, {}], 22)) {
    assert.ok(widthOf(line) <= 22, line);
  }
});

test('what others wrote cannot steer the terminal', () => {
  const answer = { actor: 'eve\u001b[2J\u009b31m', list: ['a\nb', 1, null], text: 'x\u202ey' };
  assert.deepEqual(printable(answer), { actor: 'eve [2J 31m', list: ['a b', 1, null], text: 'x y' });
});

test('whatever others wrote, no control character reaches the terminal, and no line is wider than it may be', () => {
  const parts = [
    'a',
    ' ',
    '状',
    '👍🏽',
    '👨‍👩‍👧',
    'e\u0301',
    '🇨🇳',
    '\u001b[2J',
    '\u001b]8;;x\u0007',
    '\u009b31m',
    '\n',
    '\r',
    '\u202e',
  ];
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...parts), maxLength: 60 }),
      fc.integer({ min: 20, max: 30 }),
      (text, width) => {
        const shown = printable(text);
        for (const line of [...wrap(shown, width), ...hanging('! ', shown, width), cut(shown, width)]) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
          assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e]/);
          assert.ok(widthOf(line) <= Math.max(width, 22), `${widthOf(line)} columns`);
        }
      },
    ),
  );
});

test('colours are for terminals, and NO_COLOR, --no-color and a dumb terminal turn them off', () => {
  assert.equal(wantsColor(true, {}), true);
  assert.equal(wantsColor(false, {}), false);
  assert.equal(wantsColor(true, { NO_COLOR: '1' }), false);
  assert.equal(wantsColor(true, { NO_COLOR: '' }), true);
  assert.equal(wantsColor(true, { TERM: 'dumb' }), false);
  assert.equal(wantsColor(true, {}, false), false);
});

test('arguments are read with their units, and others are refused with what is allowed', () => {
  assert.equal(readPercent('10'), 10);
  assert.equal(readPercent('10%'), 10);
  assert.equal(readInterval('2'), 2_000);
  assert.equal(readInterval('500ms'), 500);
  for (const wrong of ['-1', '101', '1.5', '', 'ten']) {
    assert.throws(() => readPercent(wrong), /whole number from 0 to 100/);
  }
  for (const wrong of ['0', '50ms', '2h', 'soon']) {
    assert.throws(() => readInterval(wrong), /from 100ms to 1h/);
  }
});

test('the actor is who is logged in, and always fits', () => {
  assert.match(defaultActor({ USER: 'alice' }), /^alice@./);
  assert.equal(defaultActor({ USER: 'a'.repeat(300) }).length, 100);
  assert.match(defaultActor({}), /^.+@./);
});

test('the address may have a path, and errors name what gave it', () => {
  assert.equal(new URL('api/status', readUrl('https://ops/sluice', {})).href, 'https://ops/sluice/api/status');
  assert.equal(readUrl(undefined, {}).href, 'http://127.0.0.1:8090/');
  assert.throws(() => readUrl(undefined, { SLUICE_URL: 'ops:8090' }), /SLUICE_URL is "ops:8090"/);
  assert.throws(() => readUrl('8090', {}), /--url is "8090"/);
  assert.throws(
    () => readUrl('http://me:hidden@ops', {}),
    (error: Error) => /has a user/.test(error.message) && !error.message.includes('hidden'),
  );
});
