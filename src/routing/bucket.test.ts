import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketHundredths } from './bucket.ts';

test('puts a record into the same bucket for ever: these values must never change', () => {
  assert.deepEqual(
    ['1', '42', '9007199254740993', '9223372036854775807'].map((id) => bucketHundredths('violation-status', id)),
    [5866, 2926, 6822, 92],
  );
});

test('spreads records evenly: each percent gets its share of 100,000 records', () => {
  const counts = new Array<number>(100).fill(0);
  for (let id = 1; id <= 100_000; id += 1) {
    const percent = Math.floor(bucketHundredths('violation-status', String(id)) / 100);
    counts[percent] = (counts[percent] as number) + 1;
  }
  // 1,000 expected in each; five standard deviations of a binomial are 157.
  assert.ok(
    counts.every((count) => Math.abs(count - 1_000) < 157),
    String(counts),
  );
});

test('gives each rollout its own buckets, so that the same records are not always first', () => {
  const ids = Array.from({ length: 1_000 }, (_, id) => String(id));
  const first = ids.filter((id) => bucketHundredths('a', id) < 1_000);
  const second = first.filter((id) => bucketHundredths('b', id) < 1_000);
  assert.ok(second.length < first.length / 2);
});
