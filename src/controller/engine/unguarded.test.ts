import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { State } from '../../rollout/state.ts';
import type { FlagReading } from './ports.ts';
import { createUnguarded, unguardedIn } from './unguarded.ts';

const IDLE: State = { phase: 'idle' };
const fell = (sinceMs: number): State => ({ phase: 'rolled-back', from: 25, to: 0, sinceMs, why: { kind: 'lease' } });
const OBSERVING: State = { phase: 'observing', percent: 5, sinceMs: 1, healthyMs: 0, countedAtMs: 1 };
const says = (unguarded?: readonly string[], leaseUntilMs?: number): FlagReading => ({
  kind: 'read',
  percent: 0,
  leaseUntilMs,
  ...(unguarded && { unguarded }),
});
const seen = (flag: FlagReading | undefined, state: State = IDLE) => ({ flag, state, wallMs: 1_000 });

describe('targeting that serves domain at 0 %', () => {
  test('is known by its variants, and is none above 0 %, after the end of a lease, or where the flag cannot be read', () => {
    assert.deepEqual(unguardedIn(seen(says(['p25']))), ['p25']);
    assert.deepEqual(unguardedIn(seen(says(['p25'], 1_001))), ['p25']);
    for (const silent of [
      seen(says(['p25'], 1_000)),
      seen(says(['p25']), OBSERVING),
      seen(says()),
      seen(undefined),
      seen({ kind: 'unreachable', why: 'gone' }),
    ]) {
      assert.equal(unguardedIn(silent), undefined);
    }
  });

  test('is reported once for each time at 0 %, and again where it is another rule or came back', () => {
    const said = createUnguarded();
    const first = said(seen(says(['p25'])));
    assert.equal(first?.kind, 'unguarded');
    assert.match(first?.text ?? '', /requests to domain \(by p25\), and no guard watches them\./);
    assert.equal(said(seen(says(['p25']))), undefined);
    assert.notEqual(said(seen(says(['p25']), fell(7))), undefined);
    assert.equal(said(seen(says(['p25']), fell(7))), undefined);
    assert.match(said(seen(says([]), fell(7)))?.text ?? '', /by what it computes/);
    assert.equal(said(seen(says(), fell(7))), undefined);
    assert.notEqual(said(seen(says([]), fell(7))), undefined);
  });

  test('is not reported anew each time that the flag could not be read in between', () => {
    const said = createUnguarded();
    said(seen(says(['p25'])));
    for (let look = 0; look < 10; look += 1) {
      assert.equal(said(seen({ kind: 'unreachable', why: 'gone' })), undefined);
      assert.equal(said(seen(says(['p25']))), undefined);
    }
  });
});
