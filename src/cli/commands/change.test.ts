import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { served, statusFixture } from '../../../test/support/status-fixture.ts';
import { isServed, untilServed } from './change.ts';

test('a percent is served when the flag and every replica say so, and silence is no yes', () => {
  assert.equal(isServed(statusFixture(), 25), true);
  assert.equal(isServed(statusFixture(), 10), false);
  assert.equal(isServed(statusFixture({ served: [] }), 25), false);
  assert.equal(isServed(statusFixture({ served: [served('a'), served('b', { percent: null })] }), 25), false);
  const configured = { ...statusFixture().configured, percent: 10 };
  assert.equal(isServed(statusFixture({ configured }), 25), false);
});

test('a change that a replica does not serve is looked at for 5 seconds, and what was seen last is shown', async () => {
  const clock = createFakeClock();
  let looks = 0;
  const status = async () => {
    looks += 1;
    return statusFixture({ served: [served('a', { percent: 10 })], timeLeftMs: looks });
  };
  const seen = untilServed({ status }, statusFixture({ served: [] }), clock);
  await clock.advance(4_900);
  assert.equal(looks, 19);
  await clock.advance(100);
  assert.deepEqual([(await seen).timeLeftMs, looks, clock.waiting()], [20, 20, 0]);
});

test('a controller that goes away ends the looking, and what is known stays: the change is made', async () => {
  const clock = createFakeClock();
  const changed = statusFixture({ served: [] });
  const seen = untilServed({ status: () => Promise.reject(new Error('gone')) }, changed, clock);
  await clock.advance(250);
  assert.equal(await seen, changed);
});
