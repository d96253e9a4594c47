import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { reading, replicaReading } from '../../../test/support/reading-fixture.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import { notServing, untilConfirmed } from './confirmation.ts';

const serves = (replica: string, servedPercent: number | undefined) => replicaReading({ replica, servedPercent });
const missing = (why: 'timeout' | 'left') => [{ replica: 'b', why, detail: '' }] as const;

describe('who does not serve a percent', () => {
  test('where it was lowered is whoever serves more, or does not say', () => {
    const seen = reading([serves('a', 0), serves('b', 5), serves('c', undefined)]);
    assert.deepEqual(notServing(seen, 0, true), ['b (serves 5 %)', 'c (serves no known %)']);
    assert.deepEqual(notServing(reading([serves('a', 0)]), 10, true), []);
  });

  test('where it was raised is whoever serves anything else', () => {
    assert.deepEqual(notServing(reading([serves('a', 0), serves('b', 10), serves('c', 25)]), 10, false), [
      'a (serves 0 %)',
      'c (serves 25 %)',
    ]);
  });

  test('is also one that cannot be asked; one that a name service leaves out only where the percent goes down', () => {
    const seen = (why: 'timeout' | 'left') => reading([serves('a', 0)], missing(why));
    assert.deepEqual(notServing(seen('timeout'), 0, true), ['b (timeout)']);
    assert.deepEqual(notServing(seen('timeout'), 0, false), ['b (timeout)']);
    assert.deepEqual(notServing(seen('left'), 0, true), ['b (left)']);
    assert.deepEqual(notServing(seen('left'), 0, false), []);
  });

  test('is everybody where none was read: silence is no proof', () => {
    assert.deepEqual(notServing(reading([]), 0, true), ['any replica (none is there)']);
    const failed: SourceReading = { kind: 'failed', why: 'timeout', detail: 'x' };
    assert.deepEqual(notServing(failed, 0, true), ['any replica (timeout: x)']);
  });
});

test('a replica that a controller before this one waited for is waited for, for a minute or until it answers', async () => {
  const confirmedAfter = async (lowers: boolean, answersAtMs = Number.POSITIVE_INFINITY) => {
    const clock = createFakeClock();
    const begunAtMs = clock.now();
    const now = () => clock.now() - begunAtMs;
    const replicas = () => [serves('a', 0), ...(now() >= answersAtMs ? [serves('gone', 0)] : [])];
    const done = untilConfirmed({
      witness: { name: 'scrape', read: async () => reading(replicas()), close: async () => {} },
      percent: 0,
      lowers,
      clock,
      signal: new AbortController().signal,
      known: ['gone'],
      onLook: () => {},
      onLate: async () => {},
    });
    await clock.advance(120_000);
    return ((await done) as number) - begunAtMs;
  };
  const unanswered = await confirmedAfter(true);
  assert.ok(unanswered >= 60_000 && unanswered < 61_000, `${unanswered} ms`);
  assert.equal(await confirmedAfter(true, 1_000), 1_000);
  assert.equal(await confirmedAfter(false), 0, 'pods come and go where the percent rises');
});

describe('a percent on its way', () => {
  /** Replicas that serve it once `until` is over. */
  function followed(until = 400) {
    const clock = createFakeClock();
    const ending = new AbortController();
    const [late, begun]: [number[], number] = [[], clock.monotonic()];
    let looks = 0;
    const done = untilConfirmed({
      witness: {
        name: 'scrape',
        read: async () => {
          looks += 1;
          return reading([serves('a', clock.monotonic() - begun < until ? 25 : 0)]);
        },
        close: async () => {},
      },
      percent: 0,
      lowers: true,
      clock,
      signal: ending.signal,
      onLook: () => {},
      onLate: async () => void late.push(clock.monotonic() - begun),
    });
    return { clock, late, done, looks: () => looks, end: () => ending.abort() };
  }

  test('is looked at each 25 ms, and confirmed when it was seen', async () => {
    const one = followed();
    const askedAtMs = one.clock.now();
    await one.clock.advance(1_000);
    assert.equal(await one.done, askedAtMs + 400);
    assert.ok(one.looks() >= 16 && one.looks() <= 18, `${one.looks()} looks`);
  });

  test('is late after three seconds, and then each half minute, with fewer looks', async () => {
    const one = followed(70_000);
    await one.clock.advance(71_000);
    assert.equal(typeof (await one.done), 'number');
    assert.deepEqual(
      one.late.map((ms) => Math.round(ms / 1_000)),
      [3, 33, 63],
    );
    assert.ok(one.looks() < 300, `${one.looks()} looks`);
  });

  test('is late neither sooner nor later where the wall clock is set', async () => {
    for (const jumpMs of [3_600_000, -3_600_000]) {
      const one = followed(10_000);
      await one.clock.advance(1_000);
      one.clock.jump(jumpMs);
      await one.clock.advance(1_500);
      assert.deepEqual(one.late, []);
      await one.clock.advance(1_000);
      assert.equal(one.late.length, 1);
      one.end();
    }
  });

  test('is not confirmed once the following was ended, whatever is served then', async () => {
    const one = followed();
    await one.clock.advance(100);
    one.end();
    await one.clock.advance(1_000);
    assert.equal(await one.done, undefined);
  });
});
