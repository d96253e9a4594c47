import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventAnswer } from '../../contract/schemas.ts';
import { BrokenOff, type Story } from './play.ts';
import { describeBrokenOff, summarise } from './summary.ts';

const MACHINE = 'The machine: 2 processors.';
const STORY: Story = {
  flagServer: 'flagd',
  seconds: 40,
  clients: { requests: 3_700, failed: 0, slow: 0 },
  rounds: [],
  promises: [
    { text: 'no client sees an error', holds: true, found: '0 of 200' },
    { text: 'every write is there once', holds: true, found: '200 of 200' },
  ],
};

test('a story that kept its promises ends with that, and blames no machine', () => {
  const lines = summarise(STORY, MACHINE).split('\n');
  assert.equal(lines.at(-1), '3,700 requests, 0 errors, in 40 s. Every promise held.');
});

test('a promise that was broken stands in the last lines, with why', () => {
  const broken = { text: 'every write is there once', holds: false, found: '199 of 200', why: 'r7: 0 times' };
  const lines = summarise({ ...STORY, promises: [...STORY.promises.slice(0, 1), broken] }, MACHINE).split('\n');
  assert.deepEqual(lines.slice(-3), [
    '3,700 requests, 0 errors, in 40 s. 1 of 2 promises did not hold:',
    '  every write is there once (199 of 200), because of: r7: 0 times',
    MACHINE,
  ]);
});

test('a story that broke off says where and why in its last lines, after the newest five events', () => {
  const history = Array.from({ length: 7 }, (_, at) => ({ at: '2026-01-01T00:00:00.000Z', text: `event ${7 - at}` }));
  const brokenOff = new BrokenOff('the rollout dropped', 'round 1: climbing at 10 %', history as EventAnswer[]);
  const lines = describeBrokenOff(brokenOff, MACHINE).split('\n');
  assert.deepEqual(
    lines.slice(1, -2).map((line) => line.slice(-7)),
    ['event 3', 'event 4', 'event 5', 'event 6', 'event 7'],
  );
  assert.deepEqual(lines.slice(-2), ['The demo broke off (round 1: climbing at 10 %): the rollout dropped', MACHINE]);
});
