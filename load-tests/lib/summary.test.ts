import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeSummary, summarise } from './summary.ts';

const count = (value: number) => ({ values: { count: value } });
const DATA = {
  metrics: {
    updates: { values: { count: 12, rate: 6 } },
    update_duration: { values: { count: 9, avg: 10, 'p(95)': 20, 'p(99)': 30, max: 40 } },
    domain_duration: {
      values: { count: 9, avg: 10, 'p(95)': 220, 'p(99)': 30, max: 40 },
      thresholds: { 'avg<100': { ok: true }, 'p(95)<200': { ok: false } },
    },
    legacy_errors: count(1),
    overloaded: count(2),
    rollout_decisions: count(10),
  },
  root_group: {
    checks: [
      { name: 'it is quick', fails: 1 },
      { name: 'it is right', fails: 0 },
    ],
  },
};

test('a summary counts every request that made no update as failed, an overload among them', () => {
  const summary = summarise('steady', DATA);
  assert.deepEqual([summary.requests, summary.failed, summary.overloaded, summary.dropped], [12, 3, 2, 0]);
  assert.deepEqual([summary.paths.domain.requests, summary.paths.legacy.failed], [9, 1]);
  assert.equal(summary.decisions.rollout, 10);
});

test('a summary names the limits that were not kept and the sentences that were not true', () => {
  const { failedThresholds, failedChecks } = summarise('steady', DATA);
  assert.deepEqual(failedThresholds, ['domain_duration p(95)<200']);
  assert.deepEqual(failedChecks, ['it is quick']);
});

test('people read the same in a few lines', () => {
  assert.equal(
    describeSummary(summarise('steady', DATA), ['what it found']),
    [
      'steady: 12 requests, 6.0 a second, mean 10.0 ms, P95 20.0 ms, slowest 40.0 ms',
      '  domain: 9 updates, mean 10.0 ms, P95 220.0 ms, slowest 40.0 ms',
      '  legacy: 0 updates, 1 failed',
      '  what it found',
      '  failed 3 (2 asked to try again), not sent in time 0',
      '  not always: it is quick',
      '  over: domain_duration p(95)<200',
      '',
    ].join('\n'),
  );
});
