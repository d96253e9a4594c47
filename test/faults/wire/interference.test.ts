import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInterference } from './interference.ts';

test('something happens at its point only, as often as it was armed for, and is reported each time', () => {
  const hits: string[] = [];
  const interference = createInterference();
  interference.reset((point, { kind }) => hits.push(`${kind} ${point}`));
  interference.arm('commit-after', { kind: 'cut' }, 2);
  assert.equal(interference.take([]), undefined);
  assert.equal(interference.take(['commit-before']), undefined);
  assert.deepEqual(interference.take(['commit-after']), { kind: 'cut' });
  assert.deepEqual(interference.take(['lock-after', 'commit-after']), { kind: 'cut' });
  assert.equal(interference.take(['commit-after']), undefined);
  assert.deepEqual(hits, ['cut commit-after', 'cut commit-after']);
});

test('what is disarmed does not happen, and what else is armed still does', () => {
  const interference = createInterference();
  const disarm = interference.arm('legacy-before', { kind: 'cut' }, 5);
  interference.arm('legacy-before', { kind: 'part' }, 5);
  disarm();
  assert.deepEqual(interference.take(['legacy-before']), { kind: 'part' });
  interference.reset();
  assert.equal(interference.take(['legacy-before']), undefined);
});

test('the slowest of several slow times counts, until all of them are over', () => {
  const interference = createInterference();
  const ends = [20, 50].map((delayMs) => interference.slowDown(delayMs));
  assert.deepEqual(interference.turnDelay(), { kind: 'delay', delayMs: 50 });
  ends[1]?.();
  assert.deepEqual(interference.turnDelay(), { kind: 'delay', delayMs: 20 });
  ends[0]?.();
  assert.equal(interference.turnDelay(), undefined);
});
