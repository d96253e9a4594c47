import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { Rehearsal } from './ports.ts';
import { createProblems } from './problems.ts';
import { createRehearsals, REHEARSE_TICK_MS } from './rehearsal.ts';

const WORKS = { kind: 'works', way: 'in-place' } as const;
const FAILS = { kind: 'fails', why: 'flags.json: EACCES' } as const;

/** Ticks as the engine does, over a lever that answers what the test says. */
function started(first: Rehearsal | 'silence' = WORKS) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const [written, logged]: [string[], string[]] = [[], []];
  let answer = first;
  let asked = 0;
  const lever = {
    name: 'file',
    where: 'flags.json',
    rehearse: () => {
      asked += 1;
      return answer === 'silence' ? new Promise<never>(() => {}) : Promise.resolve(answer);
    },
  } as const;
  const problems = createProblems(clock, (name, text) => written.push(`${name}: ${text}`));
  const rehearsals = createRehearsals({
    plan: { rollbackWith: 'variant' },
    lever: lever as never,
    problems,
    clock,
    log: { info: (_: unknown, text?: string) => void logged.push(text ?? '') } as never,
    stop: stop.signal,
  });
  const run = async () => {
    while (!stop.signal.aborted) {
      await rehearsals.tick();
      await clock.sleep(REHEARSE_TICK_MS, stop.signal);
    }
  };
  void run();
  return {
    ...rehearsals,
    clock,
    written,
    logged,
    asked: () => asked,
    becomes: (next: Rehearsal | 'silence') => {
      answer = next;
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}

describe('the lever is tried', () => {
  test('at the start, which says how it would be written, and then each minute, in silence', async () => {
    using one = started();
    assert.equal(one.last(), undefined);
    await one.clock.advance(59_000);
    assert.deepEqual([one.asked(), one.last()], [1, WORKS]);
    await one.clock.advance(10_000);
    assert.equal(one.asked(), 2);
    assert.match(
      one.logged.join(),
      /^a rollback can be written: the file cannot be replaced, and is written in place$/,
    );
    assert.deepEqual(one.written, []);
  });

  test('each 5 s while it fails, which is recorded once with the reason, and that it is over', async () => {
    using one = started(FAILS);
    await one.clock.advance(21_000);
    assert.equal(one.asked(), 5);
    const text = 'The lever fails: a rollback could not be written: flags.json: EACCES';
    assert.deepEqual(one.written, [`lever rehearsal: ${text}.`]);
    one.becomes(WORKS);
    await one.clock.advance(5_000);
    assert.deepEqual(one.written, [`lever rehearsal: ${text}.`, `lever rehearsal: Over: ${text}.`]);
  });

  test('at once where a write failed', async () => {
    using one = started();
    await one.clock.advance(6_000);
    one.becomes(FAILS);
    one.hasten();
    await one.clock.advance(5_000);
    assert.equal(one.last()?.kind, 'fails');
  });

  test('and one that never answers fails, and does not end the trying', async () => {
    using one = started('silence');
    await one.clock.advance(3_000);
    assert.match(one.written.join(), /a rollback could not be written: flags.json: no answer within 2 s/);
    one.becomes(WORKS);
    await one.clock.advance(7_000);
    assert.equal(one.last()?.kind, 'works');
  });
});
