import { runWorld } from './run-world.ts';
import { scheduleOf } from './schedule.ts';
import { shrink } from './shrink.ts';

/** What one world gave. `failure` is for people, and ends with the line that repeats it. */
export type Found = { readonly simulatedMs: number; readonly failure?: string };

/** Environment: FIRST_SEED, STEP. One world after the other, each told over IPC, until it is ended or one fails. */
for (let seed = Number(process.env.FIRST_SEED); ; seed += Number(process.env.STEP)) {
  const outcome = await runWorld(scheduleOf(seed));
  if (outcome.violations.length > 0) {
    const { schedule, kept } = await shrink(scheduleOf(seed));
    const shrunk = await runWorld(schedule);
    const failure = [
      ...shrunk.violations.slice(0, 5).map((violation) => `NOT KEPT: ${violation}`),
      ...shrunk.story.slice(-40),
      `Repeat it: npm run test:simulate -- --replay ${seed}:${kept.join(',')}`,
    ].join('\n');
    process.send?.({ simulatedMs: outcome.simulatedMs, failure } satisfies Found);
    break;
  }
  process.send?.({ simulatedMs: outcome.simulatedMs } satisfies Found);
}
