import { attempts, type Counts, NO_COUNTS, slowerThan } from './counters.ts';
import type { Guard } from './plan-types.ts';
import type { ReplicaReading } from './reading.ts';

/** What a guard on a share counts: all attempts, and the bad ones. */
type Trials = { readonly trials: number; readonly bad: number };
/** By the guard's name. */
export type TrialsByGuard = ReadonlyMap<string, Trials>;

export const NO_TRIALS: Trials = { trials: 0, bad: 0 };

/** Counted replica by replica: what one without a bound at a limit did is not known, and takes nothing from the others. */
export function countTrials(guards: readonly Guard[], replicas: readonly Counts[]): TrialsByGuard {
  const counted = replicas.filter((counts) => counts !== NO_COUNTS);
  const byGuard = new Map<string, Trials>();
  for (const guard of counted.length === 0 ? [] : guards) {
    const known = counted.flatMap((counts) => trialsOf(guard, counts) ?? []);
    if (known.length > 0) {
      byGuard.set(guard.name, known.reduce(plus));
    }
  }
  return byGuard;
}

export function sumTrials(all: readonly TrialsByGuard[]): TrialsByGuard {
  const sum = new Map<string, Trials>();
  for (const each of all) {
    for (const [guard, trials] of each) {
      sum.set(guard, plus(sum.get(guard) ?? NO_TRIALS, trials));
    }
  }
  return sum;
}

/** By guard, a replica that cannot vouch for it now: its histogram has no bound at the limit. */
export function whoHasNoBound(
  guards: readonly Guard[],
  replicas: readonly ReplicaReading[],
): ReadonlyMap<string, string> {
  return new Map(
    guards.flatMap(({ name, limit }) => {
      const lacking =
        limit.kind === 'slow-share'
          ? replicas.find(({ domain }) => domain !== undefined && !domain.duration.atMost.has(limit.seconds))
          : undefined;
      return lacking === undefined ? [] : [[name, lacking.replica] as const];
    }),
  );
}

function trialsOf({ limit }: Guard, counts: Counts): Trials | undefined {
  switch (limit.kind) {
    case 'error-share':
      return { trials: attempts(counts), bad: counts.error };
    case 'slow-share': {
      const bad = slowerThan(counts, limit.seconds);
      return bad === undefined ? undefined : { trials: counts.timed, bad };
    }
    default:
      return undefined;
  }
}

const plus = (a: Trials, b: Trials): Trials => ({ trials: a.trials + b.trials, bad: a.bad + b.bad });
