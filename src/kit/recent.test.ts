import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createRecent } from './recent.ts';

test('what many ask for is made once, until it is too old or was forgotten', async () => {
  const clock = createFakeClock();
  let made = 0;
  const recent = createRecent(() => ++made, 100, clock);
  assert.deepEqual([recent.get(), recent.get()], [1, 1]);
  await clock.advance(99);
  assert.equal(recent.get(), 1);
  await clock.advance(1);
  assert.equal(recent.get(), 2);
  recent.forget();
  assert.equal(recent.get(), 3);
});
