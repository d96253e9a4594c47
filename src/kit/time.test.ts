import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { TimedOut, within } from './time.ts';

const never = () => new Promise<never>(() => {});

test('gives what came in time, and leaves the signal and no timer behind', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let given: AbortSignal | undefined;
    const work = async (signal: AbortSignal) => {
      given = signal;
      return 'done';
    };
    assert.equal(await within(100, work), 'done');
    await assert.rejects(
      within(100, async () => Promise.reject(new Error('broken'))),
      /broken/,
    );
    mock.timers.tick(1_000);
    assert.equal(given?.aborted, false);
  } finally {
    mock.timers.reset();
  }
});

test('tells at once that time is up, and aborts the signal, though the work never ends', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let given: AbortSignal | undefined;
    const late = within(100, (signal) => {
      given = signal;
      return never();
    });
    mock.timers.tick(99);
    assert.equal(given?.aborted, false);
    mock.timers.tick(1);
    await assert.rejects(late, new TimedOut(100));
    assert.ok(given?.aborted && given.reason instanceof TimedOut);
  } finally {
    mock.timers.reset();
  }
});

test('what the work says after its time is heard by nobody', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const late = Promise.withResolvers<string>();
    const timedOut = assert.rejects(
      within(100, () => late.promise),
      TimedOut,
    );
    mock.timers.tick(100);
    await timedOut;
    late.reject(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    mock.timers.reset();
  }
});
