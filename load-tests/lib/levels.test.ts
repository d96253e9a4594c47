import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeGrowth, gaugeValues, type Level, levelOf, readGrowth, whyBent } from './levels.ts';

const durationsMs = Array.from({ length: 100 }, (_, index) => index + 1);

test('a level has its rate, its mean and its P95', () => {
  const level = levelOf({ concurrent: 10, durationsMs, failed: 0, seconds: 2 });
  assert.deepEqual(level, { concurrent: 10, requests: 100, failed: 0, perSecond: 50, meanMs: 50.5, p95Ms: 95 });
});

test('a level without an answer is reported as one that failed', () => {
  const level = levelOf({ concurrent: 200, durationsMs: [], failed: 3, seconds: 1 });
  assert.equal(whyBent(level), '3 of 3 failed');
});

test('a level is held below 200 ms, and no longer at 200 ms or with one failure', () => {
  const level: Level = { concurrent: 20, requests: 100, failed: 0, perSecond: 50, meanMs: 50, p95Ms: 199.9 };
  assert.equal(whyBent(level), undefined);
  assert.equal(whyBent({ ...level, p95Ms: 200 }), 'P95 200.0 ms');
  assert.equal(whyBent({ ...level, failed: 1 }), '1 of 100 failed');
});

const dataOf = (...levels: Level[]) => ({
  metrics: Object.fromEntries(levels.flatMap(gaugeValues).map(([name, value]) => [name, { values: { value } }])),
});

test('the first level that is not held is where it bends; levels that were not tried are not reported', () => {
  const held = levelOf({ concurrent: 10, durationsMs, failed: 0, seconds: 1 });
  const bent = levelOf({ concurrent: 20, durationsMs, failed: 5, seconds: 1 });
  const growth = readGrowth(dataOf(held, bent), [10, 20, 50]);
  assert.deepEqual(growth, { levels: [held, bent], bend: { concurrent: 20, why: '5 of 105 failed' } });
  assert.equal(describeGrowth(growth).at(-1), 'bends at 20 at once: 5 of 105 failed');
});

test('a service that holds every level has no bend', () => {
  const held = levelOf({ concurrent: 10, durationsMs, failed: 0, seconds: 1 });
  const growth = readGrowth(dataOf(held), [10, 20]);
  assert.equal(growth.bend, null);
  assert.equal(describeGrowth(growth).at(-1), 'holds 10 at once, the most that was tried');
});
