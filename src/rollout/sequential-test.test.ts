import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTrials, beginTest, isBreached, logEvidence, type SequentialTest } from './sequential-test.ts';

const ALPHA = 0.0005;
const HOUR_MS = 3_600_000;
const errors = () => beginTest({ limitShare: 0.01, alpha: ALPHA });

const share = fc.double({ min: 0.0001, max: 0.99, noNaN: true });
const batchOf = (max: number) =>
  fc.nat({ max }).chain((trials) => fc.record({ trials: fc.constant(trials), bad: fc.nat(trials) }));
const batch = batchOf(40);
const time = fc.integer({ min: 0, max: 100 * HOUR_MS });
const timedBatches = fc.array(fc.tuple(batch, time), { maxLength: 30 });

/** mulberry32: the same chances in every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function drawBad(trials: number, chance: number, random: () => number): number {
  let bad = 0;
  for (let trial = 0; trial < trials; trial++) {
    bad += random() < chance ? 1 : 0;
  }
  return bad;
}

const replay = (begun: SequentialTest, seen: readonly (readonly [{ trials: number; bad: number }, number])[]) =>
  seen.reduce((state, [counts, nowMs]) => addTrials(state, counts, nowMs), begun);

function failuresUntilBreach(begun: SequentialTest, nowMs: number): number {
  let state = begun;
  let failures = 0;
  for (; !isBreached(state) && failures < 1_000; failures++) {
    state = addTrials(state, { trials: 1, bad: 1 }, nowMs);
  }
  return failures;
}

/** Half the limit of 1 % at 25 requests a second, looked at every 500 ms. */
function goodHours(hours: number): SequentialTest {
  let state = errors();
  for (let tick = 0; tick < hours * 7_200; tick++) {
    state = addTrials(state, { trials: 12 + (tick % 2), bad: tick % 16 === 0 ? 1 : 0 }, tick * 500);
  }
  return state;
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`);

test('begins with no evidence, and silence adds none', () => {
  assert.equal(logEvidence(errors()), 0);
  assert.equal(addTrials(errors(), { trials: 0, bad: 0 }, 5).starts, 0);
});

test('finds a path that is dead from its beginning in a handful of trials', () => {
  assert.ok(failuresUntilBreach(errors(), 0) <= 3);
  assert.ok(failuresUntilBreach(beginTest({ limitShare: 0.05, alpha: ALPHA }), 0) <= 4);
});

test('finds a path that dies after 6 good hours in at most 6 failures', () => {
  assert.ok(failuresUntilBreach(goodHours(6), 6 * HOUR_MS) <= 6);
});

test('finds a decay to 5 % that begins after 6 good hours within a minute', () => {
  const random = seededRandom(1);
  let state = goodHours(6);
  assert.equal(isBreached(state), false);
  let seconds = 0;
  for (; !isBreached(state) && seconds < 1_000; seconds++) {
    state = addTrials(state, { trials: 25, bad: drawBad(25, 0.05, random) }, 6 * HOUR_MS + seconds * 1_000);
  }
  assert.ok(seconds <= 60, `${seconds} s`);
});

test('is wrong no more often than alpha at the very limit, looked at after every batch (Ville)', () => {
  const random = seededRandom(2);
  const runs = 1_000;
  for (const [limitShare, alpha, nextMs] of [
    [0.05, 0.1, (nowMs: number) => nowMs + 1_000],
    [0.2, 0.05, (nowMs: number) => nowMs + (random() < 0.1 ? -HOUR_MS : 300)],
  ] as const) {
    let wrong = 0;
    for (let run = 0; run < runs; run++) {
      let state = beginTest({ limitShare, alpha });
      for (let nowMs = 0, look = 0; look < 600 && !isBreached(state); look++, nowMs = nextMs(nowMs)) {
        state = addTrials(state, { trials: 4, bad: drawBad(4, limitShare, random) }, nowMs);
      }
      wrong += isBreached(state) ? 1 : 0;
    }
    assert.ok(wrong > 0 && wrong <= alpha * runs, `${wrong} of ${runs} at alpha ${alpha}`);
  }
});

test('no start moves more weight than is in hand, for as long as it runs', () => {
  // Good trials leave the weight in hand and nothing else of note: it falls, slowly, and stays above 0.
  let state = errors();
  for (let tick = 0, before = 1; tick < 20_000; tick++) {
    state = addTrials(state, { trials: 2_000, bad: 0 }, tick * 1_000);
    const inHand = Math.exp(logEvidence(state));
    assert.ok(inHand > 0.2 && inHand < before + 1e-12);
    before = inHand;
  }
});

test('batching does not matter between two starts, nor the order of good and bad', () => {
  const few = batchOf(20);
  const limit = fc.double({ min: 0.001, max: 0.99, noNaN: true });
  fc.assert(
    fc.property(limit, few, few, few, (limitShare, earlier, one, other) => {
      const begun = replay(beginTest({ limitShare, alpha: ALPHA }), [
        [earlier, 0],
        [{ trials: 1, bad: 0 }, 9_000],
      ]);
      const [trials, bad] = [one.trials + other.trials, one.bad + other.bad];
      const whole = logEvidence(addTrials(begun, { trials, bad }, 9_100));
      const goodOnes = [{ trials: trials - bad, bad: 0 }, 9_001] as const;
      const badOnes = [{ trials: bad, bad }, 9_001] as const;
      near(
        logEvidence(
          replay(begun, [
            [one, 9_001],
            [other, 9_002],
          ]),
        ),
        whole,
      );
      near(logEvidence(replay(begun, [goodOnes, badOnes])), whole);
      near(logEvidence(replay(begun, [badOnes, goodOnes])), whole);
    }),
  );
});

test('good trials never raise the evidence, wherever the clock goes', () => {
  fc.assert(
    fc.property(share, timedBatches, fc.nat({ max: 1_000_000 }), time, (limitShare, seen, trials, nowMs) => {
      const before = replay(beginTest({ limitShare, alpha: ALPHA }), seen);
      assert.ok(logEvidence(addTrials(before, { trials, bad: 0 }, nowMs)) <= logEvidence(before) + 1e-12);
    }),
  );
});

test('a clock that goes back or jumps by hours is no evidence, and does not stop the test from finding a dead path', () => {
  const before = goodHours(1);
  for (const nowMs of [0, -HOUR_MS, 50 * HOUR_MS]) {
    assert.equal(addTrials(before, { trials: 0, bad: 0 }, nowMs), before);
    const after = addTrials(before, { trials: 12, bad: 0 }, nowMs);
    assert.ok(logEvidence(after) < logEvidence(before));
    assert.ok(failuresUntilBreach(addTrials(after, { trials: 1, bad: 0 }, nowMs + 500), nowMs + 1_000) <= 6);
  }
});

test('a breach stays one, and so does its evidence as a number, through a billion trials', () => {
  let state = addTrials(errors(), { trials: 1_000_000_000, bad: 1_000_000_000 }, 0);
  assert.ok(isBreached(state) && Number.isFinite(logEvidence(state)));
  state = addTrials(state, { trials: 1_000_000_000, bad: 0 }, 1_000);
  assert.ok(isBreached(state) && Number.isFinite(logEvidence(state)));
  assert.ok(logEvidence(state) < 0);
});

test('survives JSON unchanged, and goes on from there', () => {
  fc.assert(
    fc.property(share, timedBatches, timedBatches, (limitShare, seen, later) => {
      const state = replay(beginTest({ limitShare, alpha: ALPHA }), seen);
      const restored: SequentialTest = JSON.parse(JSON.stringify(state));
      assert.deepEqual(restored, state);
      assert.deepEqual(replay(restored, later), replay(state, later));
    }),
  );
});

test('leaves the state it was given as it was', () => {
  const before = goodHours(0.01);
  const copy = structuredClone(before);
  addTrials(before, { trials: 10, bad: 10 }, HOUR_MS);
  assert.deepEqual(before, copy);
});

test('refuses counts, times and limits that cannot be', () => {
  for (const [trials, bad] of [
    [1, 2],
    [-1, 0],
    [3, -1],
    [1.5, 0],
    [2, 0.5],
    [Number.NaN, 0],
  ] as const) {
    assert.throws(() => addTrials(errors(), { trials, bad }, 0), RangeError);
  }
  assert.throws(() => addTrials(errors(), { trials: 1, bad: 0 }, Number.NaN), RangeError);
  for (const wrong of [0, 1, -0.1, Number.NaN]) {
    assert.throws(() => beginTest({ limitShare: wrong, alpha: ALPHA }), RangeError);
    assert.throws(() => beginTest({ limitShare: 0.01, alpha: wrong }), RangeError);
  }
});
