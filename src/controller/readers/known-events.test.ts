import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import { createKnownEvents, type History } from './known-events.ts';
import { resting } from './resting.ts';

const event = (atMs: number): JournalEvent => ({
  eventId: `event-${atMs}`,
  atMs,
  kind: 'leading',
  from: null,
  to: null,
  actor: 'sluice',
  text: `at ${atMs}`,
  details: {},
});
/** A journal with these, whose query takes the newest ones. */
const journalOf =
  (...times: number[]): History =>
  async (limit) =>
    times
      .toSorted((a, b) => b - a)
      .slice(0, limit)
      .map((atMs) => ({ ...event(atMs), id: String(atMs) }));

const said = async (known: ReturnType<typeof createKnownEvents>, limit: number) => {
  const { events, journal } = await known.newest(limit);
  return [journal, ...events.map((each) => ('id' in each ? each.atMs : -each.atMs))];
};

test('what the journal does not have yet is reported with what it has, once and in order', async () => {
  const known = createKnownEvents({ history: journalOf(1, 2, 4), remembered: [event(4), event(3), event(2)] });
  known.add(event(5));
  assert.deepEqual(await said(known, 10), ['written', -5, 4, -3, 2, 1]);
  assert.deepEqual(await said(known, 2), ['written', -5, 4]);
});

test('what is older than all that was asked for is not reported as if the journal lacked it', async () => {
  const known = createKnownEvents({ history: journalOf(1, 2, 3, 4), remembered: [event(2), event(1)] });
  assert.deepEqual(await said(known, 2), ['written', 4, 3]);
});

test('while the journal is away, what this process remembers is reported, and that it is away', async () => {
  const known = createKnownEvents({ history: () => Promise.reject(new Error('away')), remembered: [event(1)] });
  known.add(event(2));
  assert.deepEqual(await said(known, 10), ['away', -2, -1]);
  assert.deepEqual(await said(known, 1), ['away', -2]);
});

test('a journal that hangs is waited for once a second, not by each reader', async () => {
  const clock = createFakeClock();
  let asked = 0;
  const history = resting(async () => {
    asked += 1;
    throw new Error(`away ${asked}`);
  }, clock);
  await assert.rejects(history(), { message: 'away 1' });
  await assert.rejects(history(), { message: 'away 1' });
  await clock.advance(1_000);
  await assert.rejects(history(), { message: 'away 2' });
  assert.equal(asked, 2);
});
