import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { replicaReading } from '../../../test/support/reading-fixture.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import { notServing } from '../engine/confirmation.ts';
import { remembering } from './remembering.ts';

/** A source whose name service knows the replicas it is given, and a clock that is set by hand. */
function createSource() {
  let nowMs = 0;
  let now: SourceReading = { kind: 'read', replicas: [], missing: [] };
  const source = remembering(
    { name: 'scrape', read: async () => now, close: async () => {} },
    { monotonic: () => nowMs },
  );
  return {
    at: async (ms: number, ...replicas: string[]) => {
      nowMs = ms;
      now = {
        kind: 'read',
        replicas: replicas.map((replica) => replicaReading({ replica, servedPercent: 0 })),
        missing: [],
      };
      const seen = await source.read(AbortSignal.timeout(1_000));
      assert.ok(seen.kind === 'read');
      return seen;
    },
  };
}

describe('a replica that the name service leaves out', () => {
  test('is missing for a minute, so that nothing that it may still serve is taken for confirmed', async () => {
    const source = createSource();
    await source.at(0, 'a:1', 'b:1');
    const seen = await source.at(5_000, 'a:1');
    assert.deepEqual(seen.missing, [{ replica: 'b:1', why: 'left', detail: 'left out, and answered 5 s ago' }]);
    assert.deepEqual(notServing(seen, 0, true), ['b:1 (left)']);
    assert.deepEqual((await source.at(60_000, 'a:1')).missing, []);
  });

  test('that is there again is read as before', async () => {
    const source = createSource();
    await source.at(0, 'a:1', 'b:1');
    await source.at(5_000, 'a:1');
    assert.deepEqual((await source.at(6_000, 'a:1', 'b:1')).missing, []);
  });

  test('keeps no percent from rising: pods come and go', async () => {
    const source = createSource();
    await source.at(0, 'a:1', 'b:1');
    assert.deepEqual(notServing(await source.at(5_000, 'a:1'), 0, false), []);
  });
});
