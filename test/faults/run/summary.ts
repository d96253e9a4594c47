import { FAULT_KINDS } from '../schedule/kinds.ts';
import type { Result } from './campaign.ts';
import { faultsIn } from './tally.ts';

const MOST_SHOWN = 20;

export type Summary = Result & {
  readonly ok: boolean;
  /** What is wrong with the whole database at the end; not looked at after a failure. */
  readonly atEnd: readonly string[];
  readonly seed: number | undefined;
  /** Infinity where only the time was given. */
  readonly asked: number;
  readonly seconds: number;
};

/** The figures, and what failed with how to see it again. */
export function describeSummary(summary: Summary): string {
  const { tally, failure, missing, asked, seconds, seed } = summary;
  const isShort = failure === undefined && Number.isFinite(asked) && tally.schedules < asked;
  return [
    `${tally.schedules} schedules in ${seconds.toFixed(1)} s${seed === undefined ? '' : `, seed ${seed}`}`,
    `writes: ${tally.acknowledged} acknowledged, ${tally.refused} refused, ${tally.unknown} unknown, ${tally.notFound} to no record; ${tally.changes} changes in the history`,
    `acknowledged by: ${listed(tally.answers)}`,
    `faults: ${faultsIn(tally)} of ${Object.keys(tally.faults).length} kinds (there are ${FAULT_KINDS.length}): ${listed(tally.faults)}`,
    ...(isShort ? [`TOO SLOW: ${tally.schedules} of ${asked} schedules in the time there was`] : []),
    ...(missing.length > 0 ? [`NEVER HAPPENED: ${missing.join(', ')}`] : []),
    ...summary.atEnd.slice(0, MOST_SHOWN),
    ...(failure === undefined ? [] : describeFailure(failure, seed)),
    summary.ok ? 'every write is accounted for' : 'FAILED',
  ].join('\n');
}

function describeFailure({ schedule, wrong, log, shrinks }: NonNullable<Result['failure']>, seed: number | undefined) {
  const text = JSON.stringify({ ...(seed !== undefined && { seed }), schedule });
  return [
    `WRONG (${wrong.length}):`,
    ...wrong.slice(0, MOST_SHOWN).map((what) => `  ${what}`),
    ...(wrong.length > MOST_SHOWN ? [`  and ${wrong.length - MOST_SHOWN} more`] : []),
    ...(log.length > 0 ? ['what the replicas say of the first of them:', ...log.slice(0, MOST_SHOWN)] : []),
    `the shortest schedule that was found (${schedule.steps.length} faults, made smaller ${shrinks} times):`,
    text,
    `again: npm run test:faults -- --times 20 --replay '${text}'`,
  ];
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
