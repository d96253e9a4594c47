import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventAnswer, StatusAnswer } from '../../contract/schemas.ts';
import { breakDomain } from './breach.ts';
import type { DemoParts, RunningController } from './parts.ts';

const signal = new AbortController().signal;
const WAIT = { timeoutMs: 5_000, signal };
const parts = { baseUrls: ['one'], setFaults: async () => {} } as unknown as DemoParts;
const traffic = { answers: [], stop: async () => {} };

const iso = (ms: number) => new Date(ms).toISOString();

/** Dropped to 0 % at that time, and confirmed. */
const dropped = (atMs: number) =>
  ({
    state: { phase: 'rolled-back', phrase: 'rolled back', percent: 0, since: iso(atMs), why: 'p95 was over its limit' },
    change: { percent: 0, seenAt: iso(atMs), writtenAt: iso(atMs), confirmedAt: iso(atMs) },
    holding: null,
    controller: { noRaise: null },
  }) as StatusAnswer;

const eventsAt = (atMs: number, text: string): EventAnswer[] => {
  const common = { id: null, eventId: `at ${atMs}`, at: iso(atMs), from: 25, to: 0, actor: 'sluice', text };
  const details = { seenAtMs: atMs, writtenAtMs: atMs, confirmedAtMs: atMs };
  return [
    { ...common, kind: 'confirmed', details },
    { ...common, kind: 'rolled-back', details: {} },
  ];
};

test('a journal that lags is waited for: the drop of the last round is not taken for this one', async () => {
  const before = eventsAt(Date.now() - 10_000, 'the last round');
  const droppedAtMs = Date.now() + 60_000;
  let reads = 0;
  const controller = {
    status: async () => dropped(droppedAtMs),
    history: async () => {
      reads += 1;
      return reads < 3 ? before : [...eventsAt(droppedAtMs, 'this round'), ...before];
    },
  } as unknown as RunningController;

  const breach = await breakDomain(parts, controller, traffic, {}, WAIT);
  assert.deepEqual([breach.why, breach.confirmedAtMs], ['this round', droppedAtMs]);
});

test('a rollout that had dropped before the fault is reported as that, and not taken for the answer to it', async () => {
  const controller = {
    status: async () => dropped(Date.now() - 5_000),
    history: async () => assert.fail('nothing is read of it'),
  } as unknown as RunningController;

  await assert.rejects(
    breakDomain(parts, controller, traffic, {}, WAIT),
    /had dropped to 0 % by itself: p95 was over its limit/,
  );
});
