import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { StatusUpdate, Violation } from '../violation.ts';
import { createWriteChecker, type WriteStore } from './write-checker.ts';

const update: StatusUpdate = { violationId: '42', status: 'confirmed', requestId: 'r', writeId: 'w' };
const record: Violation = {
  id: '42',
  status: 'confirmed',
  notes: null,
  handledBy: null,
  handledAt: new Date('2026-03-01T12:00:00.000Z'),
  version: 1,
};

function start(store: Partial<WriteStore>, samplePercent = 100) {
  const registry = new Registry();
  const failures: unknown[] = [];
  const checker = createWriteChecker({
    rollout: 'r',
    registry,
    samplePercent,
    random: () => 0.5,
    store: { load: async () => [], keep: async () => {}, ...store },
    onMismatch: () => {},
    onFailure: (error) => failures.push(error),
  });
  const count = async (field: string, result: string) =>
    Array.from((await registry.metrics()).matchAll(new RegExp(`field="${field}",result="${result}"\\} (\\d+)`, 'g')))
      .map(([, value]) => Number(value))
      .reduce((sum, value) => sum + value, 0);
  return { checker, count, failures };
}

test('beyond a thousand waiting writes more are dropped and counted, and taking one never waits', async () => {
  const asked: number[] = [];
  const { checker, count } = start({
    load: async (updates) => {
      asked.push(updates.length);
      return updates.map(() => 'gone' as const);
    },
  });
  for (let write = 0; write < 1_300; write += 1) {
    checker.offer({ update, path: 'legacy' });
  }
  assert.equal(await count('all', 'dropped'), 300);
  assert.deepEqual(asked, [], 'nothing was asked for while they were sent');
  await checker.close();
  assert.equal(
    asked.reduce((sum, size) => sum + size, 0),
    1_000,
  );
  assert.equal(await count('all', 'failed'), 1_000);
  checker.offer({ update, path: 'legacy' });
  assert.equal(await count('all', 'dropped'), 300, 'a closed one takes nothing more');
});

test('takes the share that it is set to take', async () => {
  for (const [samplePercent, expected] of [
    [50, 0],
    [51, 10],
  ] as const) {
    let asked = 0;
    const { checker } = start(
      {
        load: async (updates) => {
          asked += updates.length;
          return updates.map(() => 'gone' as const);
        },
      },
      samplePercent,
    );
    for (let write = 0; write < 10; write += 1) {
      checker.offer({ update, path: 'domain' });
    }
    await checker.close();
    assert.equal(asked, expected, `${samplePercent} %`);
  }
});

test('mismatches beyond what can be kept in time are counted all the same', async () => {
  const kept: number[] = [];
  const { promise: storeAnswers, resolve: answer } = Promise.withResolvers<void>();
  const { checker, count } = start({
    keep: async (mismatches) => {
      kept.push(mismatches.length);
      await storeAnswers;
    },
  });
  for (let write = 0; write < 2_000; write += 1) {
    checker.returned({ update, path: 'domain' }, record, { ...record, notes: 'other' });
  }
  assert.equal(await count('notes', 'mismatch'), 2_000);
  assert.equal(await count('status', 'match'), 2_000);
  answer();
  await checker.close();
  assert.equal(
    kept.reduce((sum, size) => sum + size, 0),
    1_001,
  );
});

test('a store that fails is reported, and ends nothing', async () => {
  const { checker, count, failures } = start({
    load: async () => Promise.reject(new Error('away')),
    keep: async () => Promise.reject(new Error('full')),
  });
  checker.offer({ update, path: 'legacy' });
  checker.returned({ update, path: 'domain' }, record, undefined);
  await checker.close();
  assert.equal(await count('all', 'failed'), 1);
  assert.equal(await count('status', 'mismatch'), 1, 'a write of which nothing was returned differs in every field');
  assert.deepEqual(failures.map(String).sort(), ['Error: away', 'Error: full']);
});
