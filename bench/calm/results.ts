import { median, quantile } from '../statistics.ts';
import { ALPHA, type Case, TICK_MS } from './cases.ts';
import type { DeadPath } from './dead-path.ts';
import type { CalmOptions } from './options.ts';
import type { Outcome } from './simulate.ts';
import type { Seen, Watcher } from './watch.ts';

export type CaseResult = { readonly simulated: Case; readonly outcomes: readonly Outcome[] };
export type CalmResults = {
  readonly options: CalmOptions;
  readonly elapsedMs: number;
  readonly cases: readonly CaseResult[];
  readonly deadPaths: readonly DeadPath[];
};

/** How one watcher fared with one change; times from the change to the end of the tick that found it. */
export type Delay = {
  /** Share of the runs it had already rolled back, falsely, before the change. */
  readonly falseBefore: number;
  /** Share found, of the runs it had not. */
  readonly found: number;
  /** Over the runs it had not rolled back; one that was not found took for ever. */
  readonly medianSeconds: number;
  readonly p95Seconds: number;
  readonly medianRequests: number;
};

export function delayOf({ outcomes }: CaseResult, thenAt: number, watcher: Watcher): Delay {
  const open = outcomes.filter(({ whileGood }) => whileGood[watcher] === undefined);
  const seen = open.map(({ after }) => after[thenAt]?.[watcher]);
  const all = (pick: (one: Seen) => number) =>
    seen.map((one) => (one === undefined ? Number.POSITIVE_INFINITY : pick(one)));
  const seconds = all(({ tick }) => (tick * TICK_MS) / 1_000).toSorted((a, b) => a - b);
  return {
    falseBefore: 1 - open.length / outcomes.length,
    found: seen.filter((one) => one !== undefined).length / open.length,
    medianSeconds: quantile(seconds, 0.5),
    p95Seconds: quantile(seconds, 0.95),
    medianRequests: quantile(
      all(({ requests }) => requests).toSorted((a, b) => a - b),
      0.5,
    ),
  };
}

export type FalseAlarms = { readonly runs: number; readonly medianFirstSeconds: number };

export function falseAlarmsOf({ outcomes }: CaseResult, watcher: Watcher): FalseAlarms {
  const seconds = outcomes
    .map(({ whileGood }) => whileGood[watcher])
    .filter((seen) => seen !== undefined)
    .map(({ tick }) => (tick * TICK_MS) / 1_000);
  return { runs: seconds.length, medianFirstSeconds: median(seconds) };
}

/** What was promised and did not hold, a sentence each. */
export function brokenPromises({ cases, deadPaths, options }: CalmResults): string[] {
  const healthy = cases.filter(({ simulated }) => simulated.kind === 'healthy');
  const tooMany = healthy.flatMap((result) => {
    const { guard, good, perSecond } = result.simulated;
    const { runs } = falseAlarmsOf(result, 'sluice');
    return isTooMany(runs, options.runs)
      ? [`${guard}, ${good.label}, ${perSecond}/s: ${runs} of ${options.runs} healthy runs rolled back`]
      : [];
  });
  const sum = healthy.reduce((total, result) => total + falseAlarmsOf(result, 'sluice').runs, 0);
  if (isTooMany(sum, options.runs * healthy.length)) {
    tooMany.push(`${sum} of all ${options.runs * healthy.length} healthy runs rolled back`);
  }
  const tooLate = deadPaths
    .filter(({ failures, promised }) => promised !== undefined && failures > promised)
    .map((dead) => `${dead.guard}, ${dead.when}: ${dead.failures} failures in a row, promised ${dead.promised}`);
  return [...tooMany, ...tooLate];
}

/** Whether a chance of `ALPHA` a run would bring so many in less than one simulation in a thousand. */
function isTooMany(seen: number, runs: number): boolean {
  let chance = Math.exp(runs * Math.log1p(-ALPHA));
  let atMost = 0;
  for (let count = 0; count < seen; count++) {
    atMost += chance;
    chance *= ((runs - count) / (count + 1)) * (ALPHA / (1 - ALPHA));
  }
  return 1 - atMost < 0.001;
}
