import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IDLE, type State } from '../../rollout/state.ts';
import { intended, ownStands } from './saved.ts';

const at = (percent: number): State => ({ phase: 'observing', percent, sinceMs: 1, healthyMs: 0, countedAtMs: 1 });
const dropped = (to: number, why: 'lease' | 'manual edit' = 'lease'): State => ({
  phase: 'rolled-back',
  from: 50,
  to,
  sinceMs: 2,
  why: { kind: why },
});

test('a rollback decided without the journal stands against the stage that the journal still tells of', () => {
  assert.equal(ownStands(dropped(0), at(50)), true);
  assert.equal(ownStands(dropped(25), at(50)), true);
});

test('it stands also where the journal knows no more than that the raise was about to be made', () => {
  assert.equal(ownStands(dropped(0), IDLE), true);
});

test('it gives way once whoever leads has written it down, or has gone further down', () => {
  assert.equal(ownStands(dropped(0), dropped(0, 'manual edit')), false);
  assert.equal(ownStands(dropped(25), dropped(0)), false);
});

test('an intent is taken up only where the flag was already written', () => {
  const saved = { revision: 1, state: IDLE, intent: at(5), settled: true, unconfirmed: undefined };
  const flag = (percent: number) => ({ kind: 'read' as const, percent, leaseUntilMs: undefined });
  assert.equal(intended(saved, flag(5)), saved.intent);
  assert.equal(intended(saved, flag(0)), IDLE);
  assert.equal(intended(saved, undefined), IDLE);
  assert.equal(intended(saved, { kind: 'unreachable', why: 'away' }), IDLE);
});
