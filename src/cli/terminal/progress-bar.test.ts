import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createProgressBar, describeDone } from './progress-bar.ts';
import { widthOf } from './text.ts';

/** A bar with a clock and a line of its own. */
function start(isTerminal: boolean, columns = 120) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const bar = createProgressBar({
    write: (text) => written.push(text),
    isTerminal,
    columns: () => columns,
    nowMs: () => clock.ms,
    recordsBefore: 0,
  });
  return { bar, written, at: (ms: number) => Object.assign(clock, { ms }) };
}
const half = { records: 500_000, findings: 1, aboutRecords: 1_000_000 };

test('says what is done of about how many, how fast, what was found and the time left', () => {
  assert.equal(
    describeDone(half, { recordsBefore: 0, elapsedMs: 5_000 }),
    '500,000 of about 1,000,000 records, 100,000 a second, 1 finding, 5 s left',
  );
});

test('what an earlier run has done says nothing of this one', () => {
  assert.equal(
    describeDone({ ...half, findings: 0 }, { recordsBefore: 400_000, elapsedMs: 1_000 }),
    '500,000 of about 1,000,000 records, 100,000 a second, 0 findings, 5 s left',
  );
});

test('shows no time left where nothing is known of it, and never less records than are done', () => {
  assert.equal(describeDone({ ...half, records: 0 }, { recordsBefore: 0, elapsedMs: 0 }).includes('left'), false);
  const more = describeDone({ ...half, records: 2_000_000 }, { recordsBefore: 0, elapsedMs: 1_000 });
  assert.match(more, /^2,000,000 of about 2,000,000 records.*finding$/);
});

test('on a terminal one line is redrawn ten times a second at most, and gone in the end', () => {
  const { bar, written, at } = start(true);
  for (let ms = 1; ms <= 1_000; ms += 1) {
    at(ms);
    bar.show(half);
  }
  assert.equal(written.length, 10);
  assert.ok(written[0]?.startsWith(`\r\u001b[K[${'█'.repeat(12)}${'·'.repeat(12)}] 500,000 of`));
  bar[Symbol.dispose]();
  assert.equal(written.at(-1), '\r\u001b[K');
});

test('elsewhere it is a line each ten seconds, and none for what is done before', () => {
  const { bar, written, at } = start(false);
  for (let ms = 0; ms < 25_000; ms += 100) {
    at(ms);
    bar.show(half);
  }
  bar[Symbol.dispose]();
  assert.equal(written.length, 2);
  assert.match(written[0] ?? '', /^500,000 of .* left\n$/);
});

test('no line is as wide as the terminal: a wrapped one could not be redrawn', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.nat(2_000_000),
      fc.nat(2_000_000),
      (columns, records, aboutRecords) => {
        const { bar, written, at } = start(true, columns);
        at(1_000);
        bar.show({ records, findings: 3, aboutRecords });
        assert.ok(widthOf((written[0] ?? '').replace('\r', '')) < columns);
      },
    ),
  );
});
