import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { happened, type Repeats, summedUp } from './repeats.ts';

const MINUTE_MS = 60_000;
type Said = { readonly text: string };

/** What is recorded of what happens, each a second after the other unless said otherwise. */
function recorder() {
  let repeats: Repeats<Said> = new Map();
  const keep = ({ next, recorded }: { next: Repeats<Said>; recorded: readonly Said[] }) => {
    repeats = next;
    return recorded.map(({ text }) => text);
  };
  return {
    happens: (atMs: number, key = 'a', text = `${key} failed.`) => keep(happened(repeats, key, { text }, atMs)),
    look: (atMs: number) => keep(summedUp(repeats, atMs)),
    size: () => repeats.size,
  };
}

describe('what happens again and again', () => {
  test('is recorded at once, and then summed: each ten minutes with how often', () => {
    const one = recorder();
    const said = Array.from({ length: 3_600 }, (_, second) => one.happens(second * 1_000)).flat();
    assert.deepEqual(said, ['a failed.', ...Array.from({ length: 5 }, () => 'Again: a failed; 600 times in 10 min.')]);
  });

  test('says in its sum what was the case last', () => {
    const one = recorder();
    one.happens(0, 'a', 'a failed 1.');
    one.happens(1_000, 'a', 'a failed 2.');
    assert.deepEqual(one.look(10 * MINUTE_MS), ['Again: a failed 2; 1 time in 10 min.']);
    assert.deepEqual(one.look(30 * MINUTE_MS), []);
  });

  test('is recorded at once where it did not happen for ten minutes', () => {
    const one = recorder();
    assert.deepEqual([one.happens(0), one.happens(10 * MINUTE_MS)], [['a failed.'], ['a failed.']]);
  });

  test('does not hide something else', () => {
    const one = recorder();
    one.happens(0);
    assert.deepEqual(one.happens(1, 'b'), ['b failed.']);
  });

  test('with a thousand names is bounded, in rows and in memory', () => {
    const one = recorder();
    const said = Array.from({ length: 1_000 }, (_, at) => one.happens(at, `name ${at}`)).flat();
    assert.equal(said.length, 21);
    assert.equal(one.size(), 21);
    one.look(11 * MINUTE_MS);
    one.happens(30 * MINUTE_MS);
    assert.equal(one.size(), 1);
  });
});
