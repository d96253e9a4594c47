import type { Percent } from '../../kit/percent.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import { percentOf } from '../../rollout/state.ts';
import { notServing } from './confirmation.ts';
import { flagProblem } from './event-text.ts';
import { type Held, stateOf } from './held.ts';
import type { FlagReading } from './ports.ts';

/**
 * What this controller is now.
 * - `leader`: has the lock, and has heard of the journal since, and lately.
 * - `orphan`: led when it was last heard of the journal, or of the lock. It guards on, and raises nothing.
 * - `standby`: the journal answers, and another one leads, or nobody does yet.
 * - `alone`: the journal does not answer, and it did not lead: somebody else may.
 */
export type Role = 'leader' | 'orphan' | 'standby' | 'alone';

/** What is known of the journal. Times are monotonic milliseconds. */
export type JournalContact = {
  readonly answers: boolean;
  /** When the last exchange that succeeded was begun. */
  readonly heardAtMs: number;
};

/** A leader that has not heard of the journal for longer, frozen perhaps, asks it before it does anything that others may have undone. */
const FRESH_MS = 3_500;
const FRESH_TICKS = 4;
/** Who stands by leaves this long to the leader before it drops the flag itself. */
export const STANDBY_GRACE_MS = 2_000;

type Seen = {
  readonly held: Held;
  /** Whether it has the lock, and since when. */
  readonly leading: boolean;
  readonly leadingSinceMs: number;
  readonly journal: JournalContact;
  readonly ledLast: boolean;
  readonly nowMs: number;
  /** How often the journal is looked at. */
  readonly everyMs: number;
};

export function roleOf({ held, leading, leadingSinceMs, journal, ledLast, nowMs, everyMs }: Seen): Role {
  const isKnown = held.kind === 'known';
  const isFresh = nowMs - journal.heardAtMs <= Math.max(FRESH_MS, FRESH_TICKS * everyMs);
  if (!journal.answers) {
    return ledLast && isKnown ? 'orphan' : 'alone';
  }
  // The lock is lost, and nobody has said since that another one has it: a journal that hangs shows there first.
  if (!leading && ledLast && isKnown && isFresh) {
    return 'orphan';
  }
  return leading && isKnown && isFresh && journal.heardAtMs >= leadingSinceMs ? 'leader' : 'standby';
}

/**
 * Whether a breach may be acted on now. Who stands by gives the leader time: the breach has to last, and the journal has to say
 * still that nobody acted on it.
 */
export function mayLower(seen: {
  readonly role: Role;
  readonly breachSinceMs: number;
  readonly journalHeardAtMs: number;
  readonly nowMs: number;
}): boolean {
  const { role, breachSinceMs, journalHeardAtMs, nowMs } = seen;
  return role !== 'standby' || (nowMs - breachSinceMs >= STANDBY_GRACE_MS && journalHeardAtMs > breachSinceMs);
}

export type RaiseFacts = {
  readonly role: Role;
  readonly leading: boolean;
  readonly held: Held;
  readonly bufferedEvents: number;
  readonly flag: FlagReading | undefined;
  readonly served: SourceReading | undefined;
  readonly hasWitness: boolean;
  /** What replicas found in the stage was not asked for yet. */
  readonly isMismatchUnread: boolean;
  readonly firing: readonly string[];
  readonly isLeverTried: boolean;
  /** What would keep a rollback out. */
  readonly leverProblem: string | undefined;
};

/** Why the percent may not be raised now; undefined when it may. */
export function whyNoRaise(facts: RaiseFacts): string | undefined {
  const { role, held, flag, served, firing } = facts;
  if (firing.length > 0) {
    const alerts = firing.length === 1 ? `alert ${firing[0]} fires` : `alerts ${firing.slice(0, 3).join(', ')} fire`;
    return `${alerts}: nothing starts or rises until that is resolved`;
  }
  const standing = whyNotLeading(facts);
  if (standing !== undefined) {
    return standing;
  }
  if (flag?.kind !== 'read') {
    return `the flag gives no percent (${flagProblem(flag) ?? 'not read yet'})`;
  }
  if (role === 'leader' && held.kind === 'known' && held.debt !== undefined) {
    return 'the flag is not written yet';
  }
  if (!facts.isLeverTried || facts.leverProblem !== undefined) {
    return facts.leverProblem ?? 'whether a rollback could be written is not known yet';
  }
  if (facts.isMismatchUnread) {
    return 'which writes were found to differ has not been read yet';
  }
  if (served === undefined) {
    return facts.hasWitness ? 'the replicas have not been read yet' : 'no source says what the replicas serve';
  }
  return whyNotServed(served, percentOf(stateOf(held)));
}

function whyNotLeading({ role, leading, bufferedEvents }: RaiseFacts): string | undefined {
  if (role !== 'leader' && !leading) {
    return role === 'standby' ? 'this controller stands by: another one leads' : 'the database is unreachable';
  }
  return role !== 'leader' || bufferedEvents > 0 ? 'the journal cannot be written' : undefined;
}

function whyNotServed(served: SourceReading, percent: Percent): string | undefined {
  const wrong = notServing(served, percent, false);
  return wrong.length === 0 ? undefined : `not every replica serves ${percent} %: ${wrong.join(', ')}`;
}
