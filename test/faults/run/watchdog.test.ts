import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../support/fake-clock.ts';
import { Stuck, watched } from './watchdog.ts';

const never = () => new Promise<never>(() => {});

test('what ends in time is as if nobody watched it, also where it fails', async () => {
  const clock = createFakeClock();
  const parts = { what: 'it', withinMs: 1_000, describe: never, clock };
  assert.equal(await watched({ ...parts, work: async () => 7 }), 7);
  await assert.rejects(watched({ ...parts, work: () => Promise.reject(new Error('broken')) }), { message: 'broken' });
});

test('what does not end is named, with what is known of it, and with no more than that where asking hangs too', async () => {
  const clock = createFakeClock();
  const parts = { what: 'schedule 7', withinMs: 60_000, work: never, clock };
  const stuck = watched({ ...parts, describe: async () => ['under way: cut lock-after'] });
  const silent = watched({ ...parts, describe: never });
  const said = Promise.allSettled([stuck, silent]);
  await clock.advance(60_000);
  await clock.advance(5_000);
  const [first, second] = (await said).map((each) => (each.status === 'rejected' ? each.reason : each.value));
  assert.ok(first instanceof Stuck && second instanceof Stuck);
  assert.equal(first.message, 'STUCK: schedule 7 did not end within 60 s\n  under way: cut lock-after');
  assert.equal(
    second.message,
    'STUCK: schedule 7 did not end within 60 s\n  nothing more is known: no answer within 5 s',
  );
});
