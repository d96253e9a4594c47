import type { Schedule } from '../schedule/schedule.ts';
import { failed, type Result } from './campaign.ts';
import type { Outcome } from './run-schedule.ts';
import { addToTally, NOTHING_YET, type Tally } from './tally.ts';

type ReplaySetup = {
  readonly schedule: Schedule;
  readonly times: number;
  readonly run: (schedule: Schedule) => Promise<Outcome>;
  readonly onProgress: (tally: Tally, doing: 'running') => void;
};

/** Runs one schedule again and again, until it fails. */
export async function replay({ schedule, times, run, onProgress }: ReplaySetup): Promise<Result> {
  let tally = NOTHING_YET;
  for (let time = 0; time < times; time += 1) {
    const outcome = await run(schedule);
    tally = addToTally(tally, outcome);
    onProgress(tally, 'running');
    if (outcome.wrong.length > 0) {
      return { tally, failure: failed(schedule, outcome, 0), missing: [] };
    }
  }
  return { tally, failure: undefined, missing: [] };
}
