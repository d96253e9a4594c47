import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { reading, replicaReading } from '../../../test/support/reading-fixture.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import { createFollower } from './follower.ts';

/** A follower over replicas that serve what the test says. */
function started(serves: Record<string, number | undefined>) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const [events, again]: [JournalEvent[], number[]] = [[], []];
  const running = new Set<Promise<void>>();
  let confirmed = 0;
  let observed = 0;
  const now = { serves, hangs: false };
  const follower = createFollower({
    witness: {
      name: 'scrape',
      read: async () =>
        now.hangs
          ? new Promise(() => {})
          : reading(
              Object.entries(now.serves).map(([replica, servedPercent]) => replicaReading({ replica, servedPercent })),
            ),
      close: async () => {},
    },
    clock,
    recorder: { record: (event) => void events.push(event) },
    metrics: {
      observeRollback: () => {
        observed += 1;
      },
    },
    stop: stop.signal,
    run: (work) => void running.add(work),
    writeAgain: async (percent, signal) => {
      if (!signal.aborted) {
        again.push(percent);
      }
    },
    onConfirmed: () => {
      confirmed += 1;
    },
  });
  const written = (percent: number, lowers = true) => ({
    percent,
    lowers,
    seenAtMs: clock.now(),
    writtenAtMs: clock.now(),
  });
  return {
    ...follower,
    clock,
    now,
    again,
    written,
    said: () => events.map(({ text }) => text),
    kinds: () => events.map(({ kind, to }) => `${kind} ${to}`),
    counts: () => ({ confirmed, observed }),
    [Symbol.dispose]: () => stop.abort(),
  };
}

describe('a percent that was lowered', () => {
  test('is confirmed once every replica is seen to serve it, and not before', async () => {
    using one = started({ a: 25, b: 25 });
    one.begin(one.written(0));
    await one.clock.advance(1_000);
    assert.deepEqual([one.kinds(), one.unconfirmed()?.percent], [[], 0]);
    one.now.serves = { a: 0, b: 25 };
    await one.clock.advance(1_000);
    assert.deepEqual(one.change()?.seen, { kind: 'waiting', for: ['b (serves 25 %)'] });
    assert.deepEqual(one.unconfirmed()?.waitingFor, ['b'], 'whoever goes on knows for whom');
    one.now.serves = { a: 0, b: 0 };
    await one.clock.advance(100);
    assert.deepEqual(
      [one.kinds(), one.unconfirmed(), one.counts()],
      [['confirmed 0'], undefined, { confirmed: 1, observed: 1 }],
    );
  });

  test('is not confirmed by a replica that does not say what it serves, nor by none at all', async () => {
    using one = started({ a: undefined });
    one.begin(one.written(0));
    await one.clock.advance(2_000);
    one.now.serves = {};
    await one.clock.advance(500);
    assert.deepEqual(one.kinds(), []);
  });

  test('that a replica does not serve in 3 s is reported by its name, and written again, each half minute', async () => {
    using one = started({ a: 0, b: 25 });
    one.begin(one.written(0));
    await one.clock.advance(4_000);
    assert.deepEqual(one.said(), ['0 % is written, and not yet served by b (serves 25 %).']);
    await one.clock.advance(60_000);
    assert.deepEqual([one.again.length, one.said().length], [3, 1]);
  });

  test('that stays unserved is reported once, then summed each ten minutes; another replica is named at once', async () => {
    using one = started({ a: 0, b: 25 });
    one.begin(one.written(0));
    await one.clock.advance(3_600_000);
    assert.ok(one.said().length >= 6 && one.said().length <= 7, `${one.said().length} in an hour`);
    assert.match(one.said()[1] ?? '', /^Again: 0 % is written, and not yet served by b .*; 2\d times in 1\d min\.$/);
    const before = one.said().length;
    one.now.serves = { a: 25, b: 25 };
    await one.clock.advance(31_000);
    assert.match(one.said()[before] ?? '', /not yet served by a \(serves 25 %\), b/);
  });
});

describe('a raise', () => {
  test('is confirmed only where all serve just that, and is written again by nobody', async () => {
    using one = started({ a: 25, b: 50 });
    one.begin(one.written(25, false));
    await one.clock.advance(5_000);
    assert.deepEqual([one.kinds(), one.again], [['unconfirmed 25'], []]);
    one.now.serves = { a: 25, b: 25 };
    await one.clock.advance(1_000);
    assert.deepEqual([one.kinds().at(-1), one.counts().observed], ['confirmed 25', 0]);
  });
});

describe('another change', () => {
  test('ends the following of the one before: what is confirmed is the last one', async () => {
    using one = started({ a: 25 });
    one.begin(one.written(25, false));
    one.begin(one.written(0));
    await one.clock.advance(1_000);
    assert.deepEqual(one.kinds(), []);
    one.now.serves = { a: 0 };
    await one.clock.advance(100);
    assert.deepEqual(one.kinds(), ['confirmed 0']);
  });

  test('of the same percent, written once more against somebody, is summed and no second rollback', async () => {
    using one = started({ a: 0 });
    one.begin(one.written(0));
    await one.clock.advance(100);
    for (let times = 0; times < 360; times += 1) {
      one.beginAgain(one.written(0));
      await one.clock.advance(10_000);
    }
    assert.equal(one.counts().observed, 1);
    assert.ok(one.said().length <= 8, `${one.said().length} in an hour`);
  });

  test('of the same percent does not begin the 3 s anew while a replica does not serve it', async () => {
    using one = started({ a: 25 });
    one.begin(one.written(0));
    for (let times = 0; times < 5; times += 1) {
      await one.clock.advance(1_000);
      one.beginAgain(one.written(0));
    }
    assert.deepEqual(one.kinds(), ['unconfirmed 0']);
  });
});

describe('what another controller could not see served', () => {
  test('is gone on with where that is still what is wanted, and not otherwise', async () => {
    using one = started({ a: 0 });
    one.inherit({ percent: 0, lowers: true, seenAtMs: 1, writtenAtMs: 2 });
    assert.equal(one.unconfirmed()?.percent, 0);
    one.goOn(25);
    await one.clock.advance(100);
    assert.deepEqual(one.kinds(), []);
    one.goOn(0);
    await one.clock.advance(100);
    assert.deepEqual([one.kinds(), one.unconfirmed()], [['confirmed 0'], undefined]);
  });

  test('is not taken for served while a replica that it waited for is left out', async () => {
    using one = started({ a: 0 });
    one.inherit({ percent: 0, lowers: true, seenAtMs: 1, writtenAtMs: 2, waitingFor: ['b'] });
    one.goOn(0);
    await one.clock.advance(5_000);
    assert.deepEqual(one.change()?.seen, { kind: 'waiting', for: ['b (left)'] });
    assert.deepEqual(one.unconfirmed()?.waitingFor, ['b']);
    one.now.serves = { a: 0, b: 0 };
    await one.clock.advance(1_000);
    assert.equal(one.kinds().at(-1), 'confirmed 0');
  });
});

test('a witness that hangs is given up for this look, and confirms nothing', async () => {
  using one = started({ a: 0 });
  one.now.hangs = true;
  one.begin(one.written(0));
  await one.clock.advance(5_000);
  assert.deepEqual(one.kinds(), ['unconfirmed 0']);
  one.now.hangs = false;
  await one.clock.advance(2_000);
  assert.equal(one.kinds().at(-1), 'confirmed 0');
});
