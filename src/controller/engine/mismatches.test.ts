import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { parsePlan } from '../../rollout/plan.ts';
import type { Reason } from '../../rollout/state.ts';
import { VERIFIER } from '../../rollout/verdict.ts';
import { isAboutMismatches, nameMismatches, othersMismatched } from './mismatches.ts';
import type { MismatchStore } from './ports.ts';

const plan = parsePlan(`
rollout: r
flag: f
stages: [{ percent: 5, observe: 1m }]
guards:
  - { name: consistency, measure: mismatches, limit: 0, onBreach: off }
  - { name: errors, measure: error-rate, limit: 1%, onBreach: off }
`);
const guard = (name: string, source = 'scrape'): Reason => ({
  kind: 'guard',
  guard: name,
  source,
  limit: 0,
  limitText: '0',
  samples: 1,
  detail: '',
});
const one = { violationId: '7', path: 'domain', field: 'status', requestId: 'r' };
type Found = Awaited<ReturnType<MismatchStore['since']>>;
const store = (answer: () => Promise<Found>) => ({ since: answer }) as unknown as MismatchStore;

test('a rollback is about single writes where a guard on mismatches dropped it, and not where the verifier named them', () => {
  assert.equal(isAboutMismatches(plan, guard('consistency')), true);
  assert.equal(isAboutMismatches(plan, guard('consistency', VERIFIER)), false);
  assert.equal(isAboutMismatches(plan, guard('errors')), false);
  assert.equal(isAboutMismatches(plan, { kind: 'alert', alert: 'consistency', id: '' }), false);
});

describe('the writes that a rollback is about', () => {
  test('are named once the database has them, which may be a moment later or after an outage', async () => {
    const clock = createFakeClock();
    let asked = 0;
    const answers = [
      () => Promise.reject(new Error('away')),
      () => Promise.resolve({ records: 0, first: [] }),
      () => Promise.resolve({ records: 3, first: [one] }),
    ];
    const named = nameMismatches(
      store(() => (answers[asked++] as () => Promise<Found>)()),
      0,
      clock,
      new AbortController().signal,
    );
    await clock.advance(1_000);
    assert.equal(
      (await named)?.text,
      'A write does not match the domain rule: violation 7 (status, by domain); 3 records in all.',
    );
  });

  test('are given up after ten seconds, and at the stop', async () => {
    for (const isStopped of [false, true]) {
      const clock = createFakeClock();
      const stop = new AbortController();
      const named = nameMismatches(
        store(() => Promise.resolve({ records: 0, first: [] })),
        0,
        clock,
        stop.signal,
      );
      await clock.advance(isStopped ? 500 : 10_500);
      if (isStopped) {
        stop.abort();
      }
      assert.equal(await named, undefined);
    }
  });
});

test('what domain cannot have done is said not to be held against it, and nothing is said of nothing', async () => {
  const found = await othersMismatched(
    store(() => Promise.resolve({ records: 1, first: [{ ...one, path: 'legacy' }] })),
    0,
  );
  assert.match(found?.text ?? '', /violation 7 \(status, by legacy\)\. It is not held against domain\.$/);
  assert.equal(
    await othersMismatched(
      store(() => Promise.resolve({ records: 0, first: [] })),
      0,
    ),
    undefined,
  );
});
