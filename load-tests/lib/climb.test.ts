import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClimb } from './climb.ts';

test('a record that is asked for again counts once', () => {
  const climb = createClimb();
  for (const path of ['domain', 'domain', 'domain'] as const) {
    climb.note(50, 1, path);
  }
  climb.note(50, 2, 'legacy');
  const { records, domainRecords, domainPercent } = climb.shareOf(50);
  assert.deepEqual([records, domainRecords, domainPercent], [2, 1, 50]);
});

test('each stage has records of its own', () => {
  const climb = createClimb();
  climb.note(5, 1, 'legacy');
  climb.note(10, 1, 'domain');
  assert.deepEqual([climb.shareOf(5).domainRecords, climb.shareOf(10).domainRecords], [0, 1]);
  assert.equal(climb.shareOf(25).records, 0);
  assert.equal(climb.wentBack(), 0, 'a record that comes in later did not go back');
});

test('a record that was in at one stage and is out at a later one went back', () => {
  const climb = createClimb();
  climb.note(5, 1, 'domain');
  climb.note(10, 1, 'legacy');
  assert.equal(climb.wentBack(), 1);
});
