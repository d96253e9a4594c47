import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer, triedDomain } from './answer.ts';

const answerOf = (status: number, headers: Record<string, string>) =>
  readAnswer({ status, headers, timings: { duration: 12 } });
const DOMAIN = { 'Rollout-Path': 'domain', 'Rollout-Decision': 'rollout' };
const FALLBACK = { 'Rollout-Path': 'legacy', 'Rollout-Decision': 'fallback' };
const LATER = { 'Retry-After': '1' };

test('an update is a 200 whose headers say who answered and why', () => {
  const updated = { outcome: 'updated', path: 'domain', decision: 'rollout', durationMs: 12 };
  assert.deepEqual(answerOf(200, DOMAIN), updated);
  assert.equal(answerOf(200, {}).outcome, 'failed');
  assert.equal(answerOf(200, { 'Rollout-Path': 'domain', 'Rollout-Decision': 'a whim' }).outcome, 'failed');
  assert.equal(answerOf(404, DOMAIN).outcome, 'failed');
});

test('a 503 is an overload only where no path was asked and the client was asked to come again', () => {
  assert.equal(answerOf(503, LATER).outcome, 'overloaded');
  assert.equal(answerOf(503, {}).outcome, 'failed');
  assert.equal(answerOf(503, { ...LATER, ...FALLBACK }).outcome, 'failed', 'both paths failed');
});

test('no answer at all is a failure', () => {
  assert.equal(answerOf(0, {}).outcome, 'failed');
});

test('domain was tried where it answered, and where legacy stood in for it', () => {
  assert.ok(triedDomain(answerOf(200, DOMAIN)));
  assert.ok(triedDomain(answerOf(200, FALLBACK)));
  assert.ok(!triedDomain(answerOf(200, { 'Rollout-Path': 'legacy', 'Rollout-Decision': 'breaker' })));
});
