import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Action } from './interference.ts';
import { createLane } from './lane.ts';

function lane() {
  const written: string[] = [];
  const held: { readonly delayMs: number; readonly resume: () => void }[] = [];
  const breaks: string[] = [];
  const it = createLane({
    write: (bytes) => written.push(bytes.toString()),
    hold: (delayMs, resume) => held.push({ delayMs, resume }),
    onBreak: (kind) => breaks.push(kind),
  });
  const item = (text: string, action?: Action) => ({ bytes: Buffer.from(text), ask: () => action });
  return { ...it, written, held, breaks, item };
}

test('what comes together goes on together', () => {
  const { push, item, written } = lane();
  push([item('a'), item('b')]);
  push([item('c')]);
  assert.deepEqual(written, ['ab', 'c']);
});

test('a delay holds up everything behind it, keeps the order, and asks no second time', () => {
  const { push, end, item, written, held } = lane();
  let ended = 0;
  push([item('a'), item('b', { kind: 'delay', delayMs: 70 }), item('c')]);
  push([item('d')]);
  end(() => {
    ended += 1;
  });
  assert.deepEqual([written, held[0]?.delayMs, ended], [['a'], 70, 0]);
  held[0]?.resume();
  assert.deepEqual([written, held.length, ended], [['a', 'bcd'], 1, 1]);
});

test('a cut passes what was before it, and nothing after', () => {
  const { push, item, written, breaks } = lane();
  push([item('a'), item('b', { kind: 'cut' }), item('c')]);
  push([item('d')]);
  assert.deepEqual([written, breaks], [['a'], ['cut']]);
});

test('an end comes at once where nothing waits, and never on a broken lane', () => {
  const calm = lane();
  const ends: string[] = [];
  calm.end(() => ends.push('calm'));
  const parted = lane();
  parted.push([parted.item('a', { kind: 'part' })]);
  parted.end(() => ends.push('parted'));
  assert.deepEqual([ends, parted.breaks], [['calm'], ['part']]);
});
