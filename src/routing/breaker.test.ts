import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createBreaker } from './breaker.ts';

const SLOW_MS = 200;
const create = (clock = createFakeClock()) => createBreaker({ slowCallMs: SLOW_MS, clock });
const fail = () => Promise.reject(new Error('domain down'));
const succeed = async () => 'done';

async function runAll(breaker: ReturnType<typeof createBreaker>, attempts: readonly (() => Promise<string>)[]) {
  for (const attempt of attempts) {
    await breaker.run(attempt).catch(() => {});
  }
}

test('opens after three failures in a row, and then refuses without calling', async () => {
  const breaker = create();
  await runAll(breaker, [succeed, fail, fail]);
  assert.equal(breaker.state(), 'closed');
  await runAll(breaker, [fail]);
  assert.equal(breaker.state(), 'open');
  const attempt = mock.fn(succeed);
  assert.deepEqual(await breaker.run(attempt), { kind: 'refused' });
  assert.equal(attempt.mock.callCount(), 0);
});

test('opens when more than half of the last ten fail, though never three in a row', async () => {
  const breaker = create();
  await runAll(breaker, [fail, fail, succeed, fail, fail, succeed, fail, succeed, succeed]);
  assert.equal(breaker.state(), 'closed');
  await runAll(breaker, [fail]);
  assert.equal(breaker.state(), 'open');
});

test('stays closed at one failure in ten', async () => {
  const breaker = create();
  for (let round = 0; round < 50; round += 1) {
    await runAll(breaker, [fail, ...new Array<() => Promise<string>>(9).fill(succeed)]);
  }
  assert.equal(breaker.state(), 'closed');
});

test('opens when most calls are slow, and still passes on their answers', async () => {
  const clock = createFakeClock();
  const slow = async () => {
    await clock.advance(SLOW_MS + 1);
    return 'late';
  };
  const breaker = create(clock);
  for (let call = 0; call < 10; call += 1) {
    assert.equal(breaker.state(), 'closed');
    assert.deepEqual(await breaker.run(slow), { kind: 'ran', value: 'late' });
  }
  assert.equal(breaker.state(), 'open');
});

test('takes no call for slow because the wall clock was set while it ran', async () => {
  const clock = createFakeClock();
  const breaker = create(clock);
  for (let call = 0; call < 20; call += 1) {
    await breaker.run(async () => clock.jump(3_600_000));
  }
  assert.equal(breaker.state(), 'closed');
});

test('probes with one call after the pause; a good answer closes it, a bad one opens it again', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] });
  const breaker = create();
  await runAll(breaker, [fail, fail, fail]);
  t.mock.timers.tick(10_000);
  await runAll(breaker, [fail]);
  assert.equal(breaker.state(), 'open');
  t.mock.timers.tick(60_000);
  assert.deepEqual(await breaker.run(succeed), { kind: 'ran', value: 'done' });
  assert.equal(breaker.state(), 'closed');
});

test('is half-open while its probe is under way', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] });
  const breaker = create();
  await runAll(breaker, [fail, fail, fail]);
  t.mock.timers.tick(10_000);
  const probe = Promise.withResolvers<string>();
  const running = breaker.run(() => probe.promise);
  assert.equal(breaker.state(), 'half-open');
  probe.resolve('done');
  await running;
  assert.equal(breaker.state(), 'closed');
});
