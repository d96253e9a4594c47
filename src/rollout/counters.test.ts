import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathCounters, replicaReading } from '../../test/support/reading-fixture.ts';
import { attempts, countsSince, mismatchesSince, quantileSeconds, slowerThan, sumCounts } from './counters.ts';
import type { ReplicaReading } from './reading.ts';

const BORN_MS = 1_000;
const STAGE_MS = 60_000;

const domainSince = (previous: ReplicaReading | undefined, current: ReplicaReading, sinceMs = STAGE_MS) =>
  countsSince('domain', previous, current, sinceMs);

describe('what a replica counted', () => {
  test('is the difference of two readings', () => {
    const before = replicaReading({ domain: pathCounters({ ok: 100, error: 3, slow: 2 }) });
    const after = replicaReading({ domain: pathCounters({ ok: 140, error: 4, slow: 7 }) });
    const { ok, error, timed, atMost } = domainSince(before, after);
    assert.deepEqual([ok, error, timed, atMost.get(0.2)], [40, 1, 41, 36]);
  });

  test('begins with the first reading of a process that is older than the stage', () => {
    const first = replicaReading({ startedAtMs: BORN_MS, domain: pathCounters({ ok: 5_000, error: 5_000 }) });
    assert.equal(attempts(domainSince(undefined, first)), 0);
  });

  test('is everything of a process that began within the stage', () => {
    const first = replicaReading({ startedAtMs: STAGE_MS + 1, domain: pathCounters({ ok: 7, error: 2 }) });
    assert.equal(attempts(domainSince(undefined, first)), 9);
  });

  test('is nothing where nobody knows when the process began', () => {
    const first = replicaReading({ startedAtMs: undefined, domain: pathCounters({ error: 9 }) });
    assert.equal(attempts(domainSince(undefined, first)), 0);
  });

  test('starts from zero after a restart, also when the new process has already counted more', () => {
    const before = replicaReading({ startedAtMs: BORN_MS, domain: pathCounters({ ok: 10, error: 1 }) });
    const after = replicaReading({ startedAtMs: BORN_MS + 1, domain: pathCounters({ ok: 50, error: 6 }) });
    assert.deepEqual([domainSince(before, after).ok, domainSince(before, after).error], [50, 6]);
  });

  test('starts from zero when any counter went down, though no start time is reported', () => {
    const before = replicaReading({ startedAtMs: undefined, domain: pathCounters({ ok: 10, error: 9 }) });
    const after = replicaReading({ startedAtMs: undefined, domain: pathCounters({ ok: 12, error: 2 }) });
    assert.deepEqual([domainSince(before, after).ok, domainSince(before, after).error], [12, 2]);
  });

  test('is nothing while a path is not reported', () => {
    const before = replicaReading({ domain: pathCounters({ ok: 10 }) });
    assert.equal(attempts(domainSince(before, replicaReading({ domain: undefined }))), 0);
  });

  test('is undefined for consistency checks that nobody counts, which is not the same as none that differ', () => {
    assert.equal(mismatchesSince(undefined, replicaReading({ mismatches: undefined }), STAGE_MS), undefined);
    assert.equal(mismatchesSince(undefined, replicaReading({ mismatches: 4 }), STAGE_MS), 0);
    const before = replicaReading({ mismatches: 4 });
    assert.equal(mismatchesSince(before, replicaReading({ mismatches: 5 }), STAGE_MS), 1);
    assert.equal(mismatchesSince(before, replicaReading({ mismatches: 2 }), STAGE_MS), 2);
  });
});

describe('latency', () => {
  const counts = (more: Parameters<typeof pathCounters>[0]) =>
    domainSince(replicaReading({ domain: pathCounters({}) }), replicaReading({ domain: pathCounters(more) }));

  test('over a bound is counted exactly, and unknown where no bucket ends there', () => {
    assert.equal(slowerThan(counts({ ok: 100, slow: 6 }), 0.2), 6);
    assert.equal(slowerThan(counts({ ok: 100, slow: 6 }), 0.15), undefined);
    assert.equal(slowerThan(counts({}), 0.15), 0);
  });

  test('never counts less than none or more than all, though buckets were not read at one moment', () => {
    const torn = { ...counts({ ok: 10 }), atMost: new Map([[0.2, 12]]) };
    assert.equal(slowerThan(torn, 0.2), 0);
  });

  test('is interpolated within its bucket, and is the last finite bound above it', () => {
    const quick = counts({ ok: 100 });
    assert.equal(quantileSeconds(quick, 0.5), 0.05);
    assert.equal(quantileSeconds(counts({ ok: 100, slow: 50 }), 0.95)?.toFixed(3), '0.470');
    const beyond = new Map([
      [0.5, 1],
      [Number.POSITIVE_INFINITY, 100],
    ]);
    assert.equal(quantileSeconds({ ...counts({ ok: 100 }), atMost: beyond }, 0.95), 0.5);
    assert.equal(quantileSeconds(counts({}), 0.95), undefined);
  });

  test('of two replicas keeps only the bounds that both have', () => {
    const one = counts({ ok: 10 });
    const other = {
      ...counts({ ok: 10 }),
      atMost: new Map([
        [0.1, 10],
        [Number.POSITIVE_INFINITY, 10],
      ]),
    };
    const both = sumCounts([one, other]);
    assert.deepEqual([both.timed, both.atMost.get(0.1), both.atMost.has(0.2)], [20, 20, false]);
    assert.equal(slowerThan(both, 0.2), undefined);
  });

  test('of a replica without any attempt takes no bounds away', () => {
    const idle = { ...counts({}), ok: 1, atMost: new Map() };
    assert.equal(slowerThan(sumCounts([idle, counts({ ok: 10, slow: 1 })]), 0.2), 1);
  });
});
