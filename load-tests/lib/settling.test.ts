import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSettling } from './settling.ts';

const SETTLE_MS = 1_000;

test('what happened in a stage is known once the stage has gone on for long enough', () => {
  const settling = createSettling<string>(SETTLE_MS);
  settling.see(5, 0);
  settling.add('early', 100);
  settling.add('late', 900);
  assert.deepEqual(settling.see(5, 1_000), []);
  assert.deepEqual(settling.see(5, 1_101), ['early']);
  assert.deepEqual(settling.see(5, 2_000), ['late']);
  assert.deepEqual(settling.see(5, 3_000), [], 'and once only');
});

test('what happened shortly before the next stage is seen belongs to neither', () => {
  const settling = createSettling<string>(SETTLE_MS);
  settling.see(5, 0);
  settling.add('before', 1_000);
  assert.deepEqual(settling.see(10, 1_200), []);
  settling.add('after', 1_300);
  assert.deepEqual(settling.see(10, 9_000), ['after']);
});

test('what happens while no stage is certain belongs to none, and neither does what happened shortly before', () => {
  const settling = createSettling<string>(SETTLE_MS);
  settling.add('before the first look', 0);
  settling.see(5, 10);
  settling.add('before the change', 20);
  assert.deepEqual(settling.see(undefined, 1_000), []);
  settling.add('meanwhile', 1_100);
  assert.deepEqual(settling.see(5, 3_000), []);
  assert.deepEqual(settling.see(5, 9_000), []);
});
