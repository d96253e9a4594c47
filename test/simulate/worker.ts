import { type Counts, runWorld } from './run-world.ts';
import { scheduleOf } from './schedule.ts';
import { shrink } from './shrink.ts';

/** What one world gave. `failure` is for people, and ends with the line that repeats it. */
export type Found = {
  readonly seed: number;
  readonly simulatedMs: number;
  readonly counts: Counts;
  readonly failure?: string;
};

const MOST_VIOLATIONS = 5;
const MOST_LINES = 40;

/** Runs the world of each seed that it is sent, until it is ended. */
process.on('message', async (seed: number) => {
  const { violations, simulatedMs, counts } = await runWorld(scheduleOf(seed));
  const found = { seed, simulatedMs, counts };
  process.send?.((violations.length === 0 ? found : { ...found, failure: await failureOf(seed) }) satisfies Found);
});

async function failureOf(seed: number): Promise<string> {
  const { schedule, kept } = await shrink(scheduleOf(seed));
  const { violations, story } = await runWorld(schedule);
  return [
    ...violations.slice(0, MOST_VIOLATIONS).map((violation) => `NOT KEPT: ${violation}`),
    ...story.slice(-MOST_LINES),
    `Repeat it: npm run test:simulate -- --replay ${seed}:${kept.join(',')}`,
  ].join('\n');
}
