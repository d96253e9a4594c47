import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createQueue, createShared, systemClock, TimedOut } from './time.ts';

const never = () => new Promise<never>(() => {});
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

test('within gives what was done in time, and leaves its signal as it is and no timer behind', async () => {
  const clock = createFakeClock();
  let given: AbortSignal | undefined;
  const work = async (signal: AbortSignal) => {
    given = signal;
    return 'done';
  };
  assert.equal(await clock.within(100, work), 'done');
  await assert.rejects(
    clock.within(100, async () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(clock.waiting(), 0);
  assert.equal(given?.aborted, false);
});

test('within rejects at once when time is up, and aborts its signal, though the work never ends', async () => {
  const clock = createFakeClock();
  let given: AbortSignal | undefined;
  const late = clock.within(100, (signal) => {
    given = signal;
    return never();
  });
  const heard = assert.rejects(late, new TimedOut(100));
  await clock.advance(99);
  assert.equal(given?.aborted, false);
  await clock.advance(1);
  await heard;
  assert.ok(given?.aborted && given.reason instanceof TimedOut);
});

test('within lets nobody hear what the work says after its time', async () => {
  const clock = createFakeClock();
  const late = Promise.withResolvers<string>();
  const timedOut = assert.rejects(
    clock.within(100, () => late.promise),
    TimedOut,
  );
  await clock.advance(100);
  await timedOut;
  late.reject(new Error('too late'));
  await clock.advance(0);
});

test('within ends with the signal that it was given, gives its reason, and leaves nothing behind', async () => {
  const clock = createFakeClock();
  const stop = new AbortController();
  let given: AbortSignal | undefined;
  const ended = clock.within(
    100,
    (signal) => {
      given = signal;
      return never();
    },
    stop.signal,
  );
  stop.abort(new Error('stopped'));
  await assert.rejects(ended, /stopped/);
  assert.match(String(given?.reason), /stopped/);
  await clock.within(100, async () => {}, new AbortController().signal);
  assert.deepEqual([clock.waiting(), listeners(stop.signal)], [0, 0]);
  const work = () => assert.fail('it was begun');
  await assert.rejects(clock.within(100, work, stop.signal), /stopped/);
});

test('sleep ends after its time, or with its signal, and leaves nothing behind', async () => {
  const clock = createFakeClock();
  const stop = new AbortController();
  const ended: string[] = [];
  const sleep = (name: string, ms: number, signal?: AbortSignal) =>
    clock.sleep(ms, signal).then(() => void ended.push(name));
  void sleep('whole', 100, stop.signal);
  void sleep('ended', 200, stop.signal);
  await clock.advance(99);
  assert.deepEqual(ended, []);
  await clock.advance(1);
  assert.deepEqual(ended, ['whole']);
  stop.abort();
  await sleep('too late', 200, stop.signal);
  assert.deepEqual(ended, ['whole', 'ended', 'too late']);
  assert.deepEqual([clock.waiting(), listeners(stop.signal)], [0, 0]);
});

test('timeout aborts its signal with what a deadline ends with', async () => {
  const clock = createFakeClock();
  const signal = clock.timeout(100);
  await clock.advance(99);
  assert.equal(signal.aborted, false);
  await clock.advance(1);
  assert.deepEqual(signal.reason, new TimedOut(100));
});

test('the system clock waits for real, and its durations do not follow a machine whose clock is set', async (t) => {
  const began = { now: systemClock.now(), monotonic: systemClock.monotonic() };
  assert.ok(Math.abs(began.now - Date.now()) < 1_000);
  await systemClock.sleep(20);
  t.mock.method(Date, 'now', () => began.now - 3_600_000);
  const tookMs = systemClock.monotonic() - began.monotonic;
  assert.ok(tookMs >= 19 && tookMs < 10_000, `${tookMs} ms`);
  assert.equal(systemClock.now(), began.now - 3_600_000);
  await assert.rejects(systemClock.within(10, never), new TimedOut(10));
});

test('a timeout of the system clock comes, and keeps no process alive', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const signal = systemClock.timeout(10);
  assert.equal(timers(), before);
  await systemClock.sleep(1_000, signal);
  assert.deepEqual(signal.reason, new TimedOut(10));
});

test('a queue runs one at a time in the order of their calls, whatever became of the ones before', async () => {
  const clock = createFakeClock();
  const inQueue = createQueue();
  const log: string[] = [];
  const work = (name: string, ms: number, fails = false) =>
    inQueue(async () => {
      log.push(`${name} begins`);
      await clock.sleep(ms);
      log.push(`${name} ends`);
      if (fails) {
        throw new Error(name);
      }
      return name;
    });
  const results = Promise.allSettled([work('slow', 30), work('broken', 10, true), work('quick', 0)]);
  await clock.advance(40);
  assert.deepEqual(
    (await results).map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))),
    ['slow', 'Error: broken', 'quick'],
  );
  assert.deepEqual(log, ['slow begins', 'slow ends', 'broken begins', 'broken ends', 'quick begins', 'quick ends']);
});

test('work that is shared runs once for all who ask meanwhile, and anew for who asks later, also after a failure', async () => {
  const clock = createFakeClock();
  let runs = 0;
  const ask = createShared(async () => {
    runs += 1;
    await clock.sleep(10);
    if (runs === 2) {
      throw new Error('away');
    }
    return runs;
  });
  const first = Promise.all([ask(), ask()]);
  await clock.advance(10);
  assert.deepEqual(await first, [1, 1]);
  const second = Promise.allSettled([ask(), ask()]);
  await clock.advance(10);
  assert.deepEqual(
    (await second).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  const third = ask();
  await clock.advance(10);
  assert.equal(await third, 3);
});

test('the fake clock runs what falls due in its order, each with what follows from it before the next', async () => {
  const clock = createFakeClock();
  const began = clock.monotonic();
  const log: string[] = [];
  const note = (what: string) => log.push(`${clock.monotonic() - began} ${what}`);
  const loop = async () => {
    for (let turn = 1; turn <= 3; turn += 1) {
      await clock.sleep(10);
      note(`turn ${turn}`);
    }
  };
  void loop();
  void clock.sleep(25).then(() => note('once'));
  clock.timeout(20).addEventListener('abort', () => note('timeout, as late as turn 2 and scheduled before it'));
  await clock.advance(25);
  assert.equal(clock.monotonic() - began, 25);
  await clock.advance(1_000);
  assert.deepEqual(log, [
    '10 turn 1',
    '20 timeout, as late as turn 2 and scheduled before it',
    '20 turn 2',
    '25 once',
    '30 turn 3',
  ]);
});

test('setting the fake wall clock moves no duration, and nothing falls due by it', async () => {
  const clock = createFakeClock(5_000);
  const began = clock.monotonic();
  let slept = false;
  void clock.sleep(100).then(() => {
    slept = true;
  });
  clock.jump(3_600_000);
  await clock.advance(99);
  assert.deepEqual([slept, clock.now(), clock.monotonic() - began], [false, 3_605_099, 99]);
  clock.jump(-7_200_000);
  await clock.advance(1);
  assert.deepEqual([slept, clock.now(), clock.monotonic() - began], [true, -3_594_900, 100]);
});
