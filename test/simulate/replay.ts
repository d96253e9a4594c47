import { runWorld } from './run-world.ts';
import { scheduleOf } from './schedule.ts';
import { only } from './shrink.ts';

/** Runs one world again and prints its story. @returns the exit code. */
export async function replay({ seed, kept }: { seed: number; kept: readonly number[] | undefined }): Promise<number> {
  const whole = scheduleOf(seed);
  const schedule = kept === undefined ? whole : { ...whole, actions: only(whole, kept) };
  const [first, second] = [await runWorld(schedule), await runWorld(schedule)];
  console.log(first.story.join('\n'));
  for (const violation of first.violations) {
    console.log(`NOT KEPT: ${violation}`);
  }
  console.log(
    `Digest ${first.digest}${first.digest === second.digest ? ', twice' : `, and then ${second.digest}: NOT DETERMINISTIC`}.`,
  );
  return first.violations.length > 0 || first.digest !== second.digest ? 1 : 0;
}
