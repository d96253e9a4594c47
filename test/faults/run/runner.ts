import type { Schedule } from '../schedule/schedule.ts';
import type { Environment } from '../system/environment.ts';
import { type Outcome, runSchedule } from './run-schedule.ts';

const CLEAN = 'TRUNCATE violations, violation_status_history, consistency_mismatches';

/** Runs schedules one after the other; what one that failed leaves behind is not found again in the next one. */
export function createRunner(environment: Environment): (schedule: Schedule) => Promise<Outcome> {
  let count = 0;
  return async (schedule) => {
    count += 1;
    const outcome = await runSchedule(environment, schedule, `s${count}`);
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
