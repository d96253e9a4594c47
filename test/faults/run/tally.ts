import type { Sent } from '../load/write.ts';
import type { FaultKind } from '../schedule/kinds.ts';
import type { Outcome } from './run-schedule.ts';

export type Tally = {
  readonly schedules: number;
  /** Writes by what their clients know: 200; 503; nothing; no such record. */
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly notFound: number;
  /** What the history has of all of them. */
  readonly changes: number;
  /** Acknowledged writes by who answered and why. */
  readonly answers: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<FaultKind, number>>;
};

export const NOTHING_YET: Tally = {
  schedules: 0,
  acknowledged: 0,
  refused: 0,
  unknown: 0,
  notFound: 0,
  changes: 0,
  answers: {},
  faults: {},
};

export function addToTally(tally: Tally, { sent, changes, faults }: Outcome): Tally {
  const of = (status: number) =>
    sent.filter(({ outcome }) => outcome.kind === 'answered' && outcome.status === status).length;
  return {
    schedules: tally.schedules + 1,
    acknowledged: tally.acknowledged + of(200),
    refused: tally.refused + of(503),
    unknown: tally.unknown + sent.filter(({ outcome }) => outcome.kind !== 'answered').length,
    notFound: tally.notFound + of(404),
    changes: tally.changes + changes,
    answers: added(tally.answers, countBy(sent)),
    faults: added(tally.faults, faults),
  };
}

export const missingKinds = (tally: Tally, kinds: readonly FaultKind[]): readonly FaultKind[] =>
  kinds.filter((kind) => tally.faults[kind] === undefined);

export const faultsIn = ({ faults }: Tally): number => Object.values(faults).reduce((sum, count) => sum + count, 0);

function countBy(sent: readonly Sent[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { outcome } of sent) {
    if (outcome.kind === 'answered' && outcome.status === 200) {
      const name = `${outcome.path} ${outcome.decision}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

function added(sums: Readonly<Record<string, number>>, counts: ReadonlyMap<string, number>) {
  const result: Record<string, number> = { ...sums };
  for (const [name, count] of counts) {
    result[name] = (result[name] ?? 0) + count;
  }
  return result;
}
