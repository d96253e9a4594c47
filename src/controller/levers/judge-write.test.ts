import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlagReading } from '../engine/ports.ts';
import { judgeWrite } from './judge-write.ts';

const NOW_MS = 1_000_000;
const says = (percent: number, leaseUntilMs?: number): FlagReading => ({ kind: 'read', percent, leaseUntilMs });
const isAllowed = (found: FlagReading, percent: number, expected?: number) =>
  judgeWrite(found, { percent, expected, leaseUntilMs: undefined, state: undefined }, NOW_MS).allowed;

test('a raise needs the percent that was expected, a lowering only one that is not lower yet', () => {
  assert.equal(isAllowed(says(25), 50, 25), true);
  assert.equal(isAllowed(says(10), 50, 25), false);
  assert.equal(isAllowed(says(50), 10, 25), true);
  assert.equal(isAllowed(says(5), 10, 25), false);
});

test('a percent whose lease ran out serves 0: it is neither renewed nor raised, and a start goes from there', () => {
  const over = says(50, NOW_MS);
  assert.equal(isAllowed(over, 100, 50), false, 'a raise that was under way when the lease ran out');
  assert.equal(isAllowed(over, 50, 50), false, 'a renewal that comes too late');
  assert.equal(isAllowed(over, 25, 50), false, 'a step back that would be a raise');
  assert.equal(isAllowed(over, 5, 0), true, 'a start');
  assert.equal(isAllowed(over, 0, 50), true, 'what is off is written down as off');
  assert.equal(isAllowed(says(50, NOW_MS + 1), 50, 50), true, 'a renewal in time');
});

test('a flag that nobody can read is lowered only', () => {
  const unusable: FlagReading = { kind: 'unusable', problems: ['no JSON'] };
  assert.equal(isAllowed(unusable, 0), true);
  assert.equal(isAllowed(unusable, 10, 25), true);
  assert.equal(isAllowed(unusable, 50, 25), false);
});
