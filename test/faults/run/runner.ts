import { systemClock } from '../../../src/kit/time.ts';
import { createFaultLog } from '../inject/fault-log.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Environment } from '../system/environment.ts';
import { type Outcome, runSchedule } from './run-schedule.ts';
import { watched } from './watchdog.ts';

/** Many times what a schedule takes, with its last look for what was left behind. */
const MOST_MS = 90_000;
const SESSIONS = `
  SELECT application_name || ': ' || coalesce(state, '?') || ', ' || coalesce(wait_event, 'no wait') || ', ' || left(query, 60) AS line
  FROM pg_stat_activity WHERE application_name LIKE 'sluice-%' AND state <> 'idle' LIMIT 20`;
const CLEAN = 'TRUNCATE violations, violation_status_history, consistency_mismatches';

/** @throws Stuck, of one that does not end. Runs schedules one after the other; what one that failed leaves behind is not found again in the next one. */
export function createRunner(environment: Environment): (schedule: Schedule) => Promise<Outcome> {
  let count = 0;
  return async (schedule) => {
    count += 1;
    const faults = createFaultLog();
    let doing = 'beginning';
    const outcome = await watched({
      what: `the schedule ${JSON.stringify(schedule)}`,
      withinMs: MOST_MS,
      work: () =>
        runSchedule(environment, schedule, `s${count}`, faults, (next) => {
          doing = next;
        }),
      describe: async () => [
        doing,
        `faults under way: ${faults.underWay().join(', ') || 'none'}`,
        ...(await environment.database.query<{ line: string }>(SESSIONS)).map(({ line }) => line),
      ],
      clock: systemClock,
    });
    if (outcome.wrong.length > 0) {
      await renew(environment);
    }
    return outcome;
  };
}

/** Fresh replicas and an empty database. */
async function renew({ fleet, database, takeAccidents }: Environment): Promise<void> {
  for (let slot = 0; slot < fleet.slots; slot += 1) {
    await fleet.exclusively(slot, async () => {
      await fleet.current(slot).kill();
      fleet.put(slot, await fleet.takeSpare());
    });
  }
  await database.query(CLEAN);
  takeAccidents();
}
