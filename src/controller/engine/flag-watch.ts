import type { Percent } from '../../kit/percent.ts';
import type { Plan } from '../../rollout/plan.ts';
import { isAutomatic, percentOf } from '../../rollout/state.ts';
import { type Role, STANDBY_GRACE_MS } from './authority.ts';
import type { Held } from './held.ts';
import type { FlagReading } from './ports.ts';

/** A flag that says something else than what is held: since when, and whether the journal was read since. Monotonic milliseconds. */
export type Difference = {
  readonly percent: Percent;
  readonly sinceMs: number;
};

/** What a look at the flag asks for. */
export type FlagMeaning =
  | { readonly kind: 'as-wanted' }
  /** What was decided is not written yet. */
  | { readonly kind: 'lower' }
  /** Raised, or enabled, after an automatic rollback, which only a word to the controller takes back. */
  | { readonly kind: 'lower-again'; readonly found: Percent }
  /** Nobody can say who changed it: it is guarded as it is. */
  | { readonly kind: 'follow'; readonly percent: Percent }
  /** Whether another controller did it, the journal will say. */
  | { readonly kind: 'ask-journal' }
  /** Changed by no controller. */
  | { readonly kind: 'edited'; readonly percent: Percent; readonly by: 'manual edit' | 'lease' | 'found' }
  | { readonly kind: 'renew-lease'; readonly percent: Percent };

type Seen = {
  readonly plan: Plan;
  readonly held: Held;
  readonly role: Role;
  readonly reading: Extract<FlagReading, { kind: 'read' }>;
  readonly difference: Difference | undefined;
  /** Whether this controller, leading, saw the flag as it is wanted before: then it saw the change. */
  readonly isWatched: boolean;
  /** When the last exchange with the journal that succeeded was begun. */
  readonly journalHeardAtMs: number;
  readonly nowMs: number;
  readonly wallMs: number;
};

/** Another controller writes the flag first and the journal then: this long a change that the journal does not explain is left alone. */
const EXPLAINED_WITHIN_MS = 1_000;
/** Shares of the plan's lease. */
const RENEW_BELOW = 2 / 3;
const TOO_LONG_ABOVE = 3 / 2;

export function readFlagMeaning(seen: Seen): FlagMeaning {
  const { held, role, reading, plan, wallMs } = seen;
  const hasRunOut = reading.leaseUntilMs !== undefined && reading.leaseUntilMs <= wallMs;
  const percent = hasRunOut ? 0 : reading.percent;
  if (held.kind !== 'known') {
    return role === 'alone' && (held.kind === 'unread' || percent !== percentOf(held.state))
      ? { kind: 'follow', percent }
      : { kind: 'as-wanted' };
  }
  const wanted = percentOf(held.state);
  if (held.debt !== undefined) {
    return role === 'standby' && isNewToJournal(seen) ? { kind: 'ask-journal' } : { kind: 'lower' };
  }
  if (isEnabledAgain(seen, percent)) {
    return role === 'leader' || role === 'orphan' ? { kind: 'lower-again', found: percent } : { kind: 'as-wanted' };
  }
  if (percent === wanted) {
    return role === 'leader' && isLeaseDue(seen) ? { kind: 'renew-lease', percent } : { kind: 'as-wanted' };
  }
  const staysDown = percent > wanted && plan.afterRollback === 'person' && isAutomatic(held.state);
  switch (role) {
    case 'leader':
      return staysDown ? { kind: 'lower-again', found: percent } : unexplained(seen, percent, hasRunOut);
    case 'orphan':
      return staysDown ? { kind: 'lower-again', found: percent } : { kind: 'follow', percent };
    case 'alone':
      return { kind: 'follow', percent };
    case 'standby':
      return staysDown ? lowerForSilentLeader(seen, percent) : { kind: 'ask-journal' };
  }
}

/** A rollback that disables the flag keeps its targeting from serving domain, too: it is disabled again. */
function isEnabledAgain({ plan, held, reading }: Seen, percent: Percent): boolean {
  return (
    plan.rollbackWith === 'disabled' &&
    plan.afterRollback === 'person' &&
    held.kind === 'known' &&
    percentOf(held.state) === 0 &&
    percent === 0 &&
    isAutomatic(held.state) &&
    reading.unguarded !== undefined
  );
}

/** What the flag says is newer than what was read of the journal: the leader may have written what is owed, and raised it since. */
const isNewToJournal = ({ difference, journalHeardAtMs }: Seen): boolean =>
  difference !== undefined && journalHeardAtMs < difference.sinceMs;

function unexplained(seen: Seen, percent: Percent, hasRunOut: boolean): FlagMeaning {
  const { difference, isWatched, journalHeardAtMs, nowMs } = seen;
  const settledMs = difference === undefined || difference.percent !== percent ? 0 : nowMs - difference.sinceMs;
  const isExplainable = settledMs < EXPLAINED_WITHIN_MS || journalHeardAtMs < (difference?.sinceMs ?? nowMs);
  if (hasRunOut) {
    return { kind: 'edited', percent, by: 'lease' };
  }
  return isExplainable ? { kind: 'ask-journal' } : { kind: 'edited', percent, by: isWatched ? 'manual edit' : 'found' };
}

function lowerForSilentLeader({ difference, journalHeardAtMs, nowMs }: Seen, percent: Percent): FlagMeaning {
  const isOld =
    difference !== undefined && difference.percent === percent && nowMs - difference.sinceMs >= STANDBY_GRACE_MS;
  return isOld && journalHeardAtMs >= difference.sinceMs + STANDBY_GRACE_MS / 2
    ? { kind: 'lower-again', found: percent }
    : { kind: 'ask-journal' };
}

/**
 * A lease that runs out soon, that the plan asks for and is not there, or that the plan no longer asks for; and one that runs far
 * longer than the plan asks for: the plan had a longer one, or the clock was set back.
 */
function isLeaseDue({ plan, reading, wallMs }: Seen): boolean {
  const isWanted = plan.leaseMs !== undefined && reading.percent > 0;
  if (!isWanted) {
    return reading.leaseUntilMs !== undefined;
  }
  const leftShare = ((reading.leaseUntilMs ?? 0) - wallMs) / (plan.leaseMs as number);
  return leftShare <= RENEW_BELOW || leftShare > TOO_LONG_ABOVE;
}
