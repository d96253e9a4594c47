import fc from 'fast-check';
import { schedules, schedulesWith } from '../schedule/arbitrary.ts';
import { FAULT_KINDS, type FaultKind } from '../schedule/kinds.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Outcome } from './run-schedule.ts';
import { addToTally, missingKinds, NOTHING_YET, type Tally } from './tally.ts';

/** From here on, every kind of fault must have happened: fewer schedules need not come to all of them. */
const RUNS_WITH_ALL_KINDS = 150;
const TRIES_FOR_A_KIND = 4;
/** With --hours there is no end but the time: each batch has a seed of its own, so that any of them can be had again. */
const BATCH_RUNS = 200;
/** Races differ from run to run: a smaller schedule is taken for a passing one only after so many. */
const TRIES_WHILE_SHRINKING = 2;

export type Failure = Pick<Outcome, 'wrong' | 'log'> & { readonly schedule: Schedule; readonly shrinks: number };

export type Result = {
  readonly tally: Tally;
  readonly failure: Failure | undefined;
  /** Kinds of faults that should have happened, and did not. */
  readonly missing: readonly FaultKind[];
};

type CampaignSetup = {
  readonly seed: number;
  readonly runs: number;
  readonly limitMs: number;
  readonly shrinkMs: number;
  readonly run: (schedule: Schedule) => Promise<Outcome>;
  readonly onProgress: (tally: Tally, doing: Doing) => void;
  /** Hears of the first failure, and of each shorter one. */
  readonly onFailure: (failure: Failure) => void;
};

export type Doing = 'running' | 'shrinking' | 'completing';

/** Runs generated schedules until one fails, all are done, or the time is over; a failing one is made shorter. */
export async function runCampaign(parts: CampaignSetup): Promise<Result> {
  const { seed, runs, limitMs, shrinkMs, run, onProgress, onFailure } = parts;
  const startedMs = performance.now();
  let tally = NOTHING_YET;
  let failedAtMs: number | undefined;
  let failure: Failure | undefined;

  async function passes(schedule: Schedule): Promise<boolean> {
    const nowMs = performance.now();
    const isLate = failedAtMs === undefined ? nowMs - startedMs > limitMs : nowMs - failedAtMs > shrinkMs;
    if (isLate) {
      return true;
    }
    for (let time = 0; time < (failedAtMs === undefined ? 1 : TRIES_WHILE_SHRINKING); time += 1) {
      const outcome = await run(schedule);
      if (failedAtMs === undefined) {
        tally = addToTally(tally, outcome);
      }
      onProgress(tally, failedAtMs === undefined ? 'running' : 'shrinking');
      if (outcome.wrong.length > 0) {
        failedAtMs ??= performance.now();
        failure = failed(schedule, outcome, failure === undefined ? 0 : failure.shrinks + 1);
        onFailure(failure);
        return false;
      }
    }
    return true;
  }

  const isOver = () => failure !== undefined || performance.now() - startedMs > limitMs;
  for (let begun = 0; begun < runs && !isOver(); begun += BATCH_RUNS) {
    const numRuns = Math.min(BATCH_RUNS, runs - begun);
    await fc.check(fc.asyncProperty(schedules, passes), { seed: seed + begun, numRuns });
  }
  await dropSteps(() => failure?.schedule, passes);
  const isWhole = tally.schedules >= RUNS_WITH_ALL_KINDS;
  for (const kind of isWhole ? missingKinds(tally, FAULT_KINDS) : []) {
    onProgress(tally, 'completing');
    const aimed = fc.sample(schedulesWith(kind), { seed, numRuns: TRIES_FOR_A_KIND });
    for (const schedule of aimed) {
      if (failure === undefined && tally.faults[kind] === undefined) {
        const outcome = await run(schedule);
        tally = { ...addToTally(tally, outcome), schedules: tally.schedules };
        failure = outcome.wrong.length > 0 ? failed(schedule, outcome, 0) : undefined;
      }
    }
  }
  return { tally, failure, missing: isWhole && failure === undefined ? missingKinds(tally, FAULT_KINDS) : [] };
}

/** fast-check shrinks arrays from their beginning, and may leave steps behind the one that matters. */
async function dropSteps(shortest: () => Schedule | undefined, passes: (schedule: Schedule) => Promise<boolean>) {
  for (let at = 0; at < (shortest()?.steps.length ?? 0); ) {
    const schedule = shortest() as Schedule;
    const isNeeded = await passes({ ...schedule, steps: schedule.steps.toSpliced(at, 1) });
    at += isNeeded ? 1 : 0;
  }
}

export const failed = (schedule: Schedule, { wrong, log }: Outcome, shrinks: number): Failure => ({
  schedule,
  wrong,
  log,
  shrinks,
});
