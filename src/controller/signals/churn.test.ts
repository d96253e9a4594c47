import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { replicaReading } from '../../../test/support/reading-fixture.ts';
import type { Missing, SourceFailure, SourceReading } from '../../rollout/reading.ts';
import { toleratingChurn } from './churn.ts';

/** `name:`: it stands for replicas that nobody can name. */
type Look = Readonly<Record<string, 'answers' | SourceFailure | `name: ${SourceFailure}`>>;

function createSource() {
  let nowMs = 0;
  let now: SourceReading = { kind: 'read', replicas: [], missing: [] };
  const source = toleratingChurn(
    { name: 'scrape', read: async () => now, close: async () => {} },
    { monotonic: () => nowMs },
  );
  return {
    /** @returns why each replica is missing. */
    at: async (seconds: number, look: Look): Promise<Readonly<Record<string, SourceFailure>>> => {
      nowMs = seconds * 1_000;
      const replicas = Object.entries(look).flatMap(([replica, why]) =>
        why === 'answers' ? [replicaReading({ replica })] : [],
      );
      const missing = Object.entries(look).flatMap(([replica, why]) =>
        why === 'answers' ? [] : [missingFor(replica, why)],
      );
      now = { kind: 'read', replicas, missing };
      const seen = await source.read(AbortSignal.timeout(1_000));
      assert.ok(seen.kind === 'read');
      return Object.fromEntries(seen.missing.map(({ replica, why }) => [replica, why]));
    },
  };
}

function missingFor(replica: string, why: SourceFailure | `name: ${SourceFailure}`): Missing {
  const detail = 'as it was';
  return why.startsWith('name: ')
    ? { replica, why: why.slice('name: '.length) as SourceFailure, detail, ofSeveral: true }
    : { replica, why: why as SourceFailure, detail };
}

describe('a replica that is missing', () => {
  test('is starting where it was never there before, for 30 s, however it is silent', async () => {
    for (const why of ['unreachable', 'timeout', 'refused', 'malformed'] as const) {
      const { at } = createSource();
      await at(0, { a: 'answers' });
      assert.deepEqual(await at(10, { a: 'answers', b: why }), { b: 'starting' });
      assert.deepEqual(await at(39, { a: 'answers', b: why }), { b: 'starting' });
      assert.deepEqual(await at(40, { a: 'answers', b: why }), { b: why });
    }
  });

  test('is not starting where it was missing at the first look: nobody knows how long it has been', async () => {
    const { at } = createSource();
    assert.deepEqual(await at(0, { a: 'answers', b: 'unreachable' }), { b: 'unreachable' });
    assert.deepEqual(await at(1, { a: 'answers', b: 'unreachable' }), { b: 'unreachable' });
  });

  test('is ending where it answered a moment ago and no process is there now, for 30 s', async () => {
    const { at } = createSource();
    await at(0, { a: 'answers', b: 'answers' });
    assert.deepEqual(await at(1, { a: 'answers', b: 'unreachable' }), { b: 'ending' });
    assert.deepEqual(await at(29, { a: 'answers', b: 'unreachable' }), { b: 'ending' });
    assert.deepEqual(await at(30, { a: 'answers', b: 'unreachable' }), { b: 'unreachable' });
  });

  test('is not ending where it hangs, or answers with what is no reading', async () => {
    for (const why of ['timeout', 'refused', 'malformed', 'stale'] as const) {
      const { at } = createSource();
      await at(0, { a: 'answers', b: 'answers' });
      assert.deepEqual(await at(1, { a: 'answers', b: why }), { b: why });
    }
  });
});

test('a name that is not resolved neither starts nor ends: nobody knows whom it leaves out', async () => {
  const { at } = createSource();
  await at(0, { a: 'answers', b: 'answers' });
  assert.deepEqual(await at(1, { a: 'answers', 'sluice:8081': 'name: unreachable' }), { 'sluice:8081': 'unreachable' });
});

test('where more replicas have gone than answer, none of them is ending: it may be the way to them', async () => {
  const { at } = createSource();
  await at(0, { a: 'answers', b: 'answers', c: 'answers', d: 'answers' });
  const half = { a: 'answers', b: 'answers', c: 'unreachable', d: 'unreachable' } as const;
  assert.deepEqual(await at(1, half), { c: 'ending', d: 'ending' });
  const most = { ...half, b: 'unreachable' } as const;
  assert.deepEqual(await at(2, most), { b: 'unreachable', c: 'unreachable', d: 'unreachable' });
});

test('pods that are replaced for an hour, one each 10 s, are never missing for anything else', async () => {
  const { at } = createSource();
  await at(0, { 'pod-0': 'answers', 'pod-1': 'answers' });
  for (let pod = 2; pod < 360; pod += 1) {
    const seen = await at(pod * 10, {
      [`pod-${pod - 2}`]: 'unreachable',
      [`pod-${pod - 1}`]: 'answers',
      [`pod-${pod}`]: 'refused',
    });
    assert.deepEqual(seen, { [`pod-${pod - 2}`]: 'ending', [`pod-${pod}`]: 'starting' });
    await at(pod * 10 + 5, { [`pod-${pod - 1}`]: 'answers', [`pod-${pod}`]: 'answers' });
  }
});
