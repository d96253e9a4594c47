import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketHundredths } from '../../src/routing/bucket.ts';
import { judgeShare } from './shares.ts';

/** Four standard deviations of a binomial share of 5 % of 1,000 are 27.6 records. */
const cases = [
  { what: 'exactly what the stage says', percent: 5, records: 1_000, domainRecords: 50, isWithin: true },
  { what: 'as many more as chance may add', percent: 5, records: 1_000, domainRecords: 78, isWithin: true },
  { what: 'one more than that', percent: 5, records: 1_000, domainRecords: 79, isWithin: false },
  { what: 'one less than chance may take away', percent: 5, records: 1_000, domainRecords: 21, isWithin: false },
  { what: 'the share of the stage before', percent: 25, records: 1_000, domainRecords: 100, isWithin: false },
  { what: 'the same from few records, which say little', percent: 25, records: 40, domainRecords: 4, isWithin: true },
  { what: 'every record at 100 %', percent: 100, records: 40, domainRecords: 40, isWithin: true },
  {
    what: 'all records but one at 100 %, where there is no chance',
    percent: 100,
    records: 1_000,
    domainRecords: 999,
    isWithin: false,
  },
  { what: 'no records at all', percent: 100, records: 0, domainRecords: 0, isWithin: false },
];

for (const { what, isWithin, ...parts } of cases) {
  test(`a share is ${isWithin ? '' : 'not '}within chance: ${what}`, () => {
    assert.equal(judgeShare(parts).isWithin, isWithin);
  });
}

test('the bounds that are shown are those that decide', () => {
  const { lowestPercent, highestPercent } = judgeShare({ percent: 10, records: 500, domainRecords: 50 });
  const lowest = Math.ceil(lowestPercent * 5);
  const highest = Math.floor(highestPercent * 5);
  const isWithin = (domainRecords: number) => judgeShare({ percent: 10, records: 500, domainRecords }).isWithin;
  assert.deepEqual([lowest - 1, lowest, highest, highest + 1].map(isWithin), [false, true, true, false]);
});

test('the buckets of violations 1 to any number up to 1,000 are within chance at each stage of the plan', () => {
  const buckets = Array.from({ length: 1_000 }, (_, index) => bucketHundredths('violation-status', String(index + 1)));
  for (const percent of [5, 10, 25, 50, 100]) {
    for (let records = 30; records <= buckets.length; records += 1) {
      const domainRecords = buckets.slice(0, records).filter((bucket) => bucket < percent * 100).length;
      assert.ok(
        judgeShare({ percent, records, domainRecords }).isWithin,
        `${domainRecords} of ${records} at ${percent} %`,
      );
    }
  }
});
