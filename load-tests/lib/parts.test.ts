import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driftOf, type Part, partAt } from './parts.ts';

const part = (requests: number, p95Ms: number): Part => ({
  name: 'a part',
  latency: { requests, p95Ms, meanMs: 0, p99Ms: 0, maxMs: 0 },
});

test('parts are of equal time, and the very end belongs to the last', () => {
  assert.deepEqual(
    [0, 0.33, 0.34, 0.99, 1].map((progress) => partAt(progress, 3)),
    [0, 0, 1, 2, 2],
  );
});

test('drift compares the last part with the first, whatever lies between', () => {
  assert.equal(driftOf([part(9, 10), part(9, 500), part(9, 15)]), 1.5);
});

test('drift is unknown where the first or the last part has nothing', () => {
  assert.equal(driftOf([part(0, 0), part(9, 15)]), null);
  assert.equal(driftOf([part(9, 15), part(0, 0)]), null);
  assert.equal(driftOf([]), null);
});
