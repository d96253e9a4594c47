import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DECISIONS, FACTS, isBadFact } from './kinds.ts';

test('a check is bad news only where it found something, and records that differ always are', () => {
  assert.equal(isBadFact({ kind: 'checked', details: { findings: 0 } }), false);
  assert.equal(isBadFact({ kind: 'checked', details: { findings: 2 } }), true);
  assert.equal(isBadFact({ kind: 'verified', details: { failed: 0 } }), false);
  assert.equal(isBadFact({ kind: 'verified', details: { failed: 1 } }), true);
  assert.equal(isBadFact({ kind: 'mismatched', details: {} }), true);
  assert.equal(isBadFact({ kind: 'promoted', details: { findings: 2 } }), false);
});

test('every fact is told with the decisions', () => {
  assert.deepEqual(
    Array.from(FACTS).filter((kind) => !DECISIONS.has(kind)),
    [],
  );
});
