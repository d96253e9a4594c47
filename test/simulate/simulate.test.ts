import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runWorld } from './run-world.ts';
import { scheduleOf } from './schedule.ts';
import { search } from './search.ts';

/** From here on eight worlds last minutes, and in each the flag is raised and lowered. */
const SEED = 213;

async function searched(workers: number): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const code = await search({ seed: SEED, workers, hours: 1, seconds: 600 }, (line) => lines.push(line));
  return { code, lines };
}

describe('a simulated world', () => {
  test('is the same to the byte each time its seed is run', async () => {
    const schedule = scheduleOf(SEED);
    const [first, second] = [await runWorld(schedule), await runWorld(schedule)];
    assert.equal(first.digest, second.digest);
    assert.deepEqual(first.story, second.story);
    assert.ok(first.counts.changes > 0);
  });

  test('is another one for another seed', async () => {
    const [one, other] = [await runWorld(scheduleOf(SEED)), await runWorld(scheduleOf(SEED + 1))];
    assert.notEqual(one.digest, other.digest);
  });
});

test('one process and two find the same in the same worlds', async () => {
  const [one, two] = [await searched(1), await searched(2)];
  assert.deepEqual(two, one);
  assert.match(one.lines.join('\n'), /^\d+ worlds, \d+ simulated hours/);
});
