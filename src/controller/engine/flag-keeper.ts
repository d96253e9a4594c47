import type { Percent } from '../../kit/percent.ts';
import type { Clock } from '../../kit/time.ts';
import type { Plan } from '../../rollout/plan.ts';
import { percentOf } from '../../rollout/state.ts';
import type { Role } from './authority.ts';
import type { CarryOut } from './carry-out.ts';
import type { Decider } from './decider.ts';
import { flagProblem, note, raisedAgainText } from './event-text.ts';
import { type Difference, type FlagMeaning, readFlagMeaning } from './flag-watch.ts';
import type { Follower } from './follower.ts';
import { following } from './held.ts';
import type { Holder } from './holder.ts';
import type { JournalKeeper } from './journal-keeper.ts';
import { LEVER_WITHIN_MS } from './lanes.ts';
import type { FlagLever, FlagReading } from './ports.ts';
import type { Problems } from './problems.ts';
import type { Recorder } from './recorder.ts';
import { createUnguarded } from './unguarded.ts';

type FlagKeeperParts = {
  readonly plan: Plan;
  readonly lever: FlagLever;
  readonly carry: CarryOut;
  readonly decider: Decider;
  readonly holder: Holder;
  readonly keeper: Pick<JournalKeeper, 'load' | 'contact'>;
  readonly follower: Pick<Follower, 'begin'>;
  readonly problems: Problems;
  readonly recorder: Pick<Recorder, 'record'>;
  /** The flag cannot be read any more: whether a rollback could be written is looked at anew. */
  readonly hasten: () => void;
  readonly clock: Clock;
  readonly role: () => Role;
  readonly stop: AbortSignal;
};

export type FlagKeeper = ReturnType<typeof createFlagKeeper>;

/** Looks at the flag again and again, and does what its percent asks for. */
export function createFlagKeeper(parts: FlagKeeperParts) {
  const { carry, problems, clock, stop } = parts;
  let flag: FlagReading | undefined;
  let difference: Difference | undefined;
  const unguarded = createUnguarded();
  /** Whether the flag was seen as wanted since this controller leads. */
  let isWatched = false;

  function noteDifference(reading: Extract<FlagReading, { kind: 'read' }>): Difference | undefined {
    const { percent } = reading;
    if (percent === percentOf(parts.holder.state())) {
      return undefined;
    }
    return difference?.percent === percent ? difference : { percent, sinceMs: clock.monotonic() };
  }

  return {
    flag: () => flag,
    look: async (): Promise<void> => {
      const before = carry.writes();
      const reading = await readWithin(parts);
      // A reading that was under way while the flag was written says nothing of before or after.
      if (before !== carry.writes() || stop.aborted) {
        return;
      }
      if (flag?.kind === 'read' && reading.kind !== 'read') {
        parts.hasten();
      }
      flag = reading;
      const seen = { flag: reading, state: parts.holder.state(), wallMs: clock.now() };
      const news = parts.role() === 'leader' ? unguarded(seen) : undefined;
      if (news !== undefined) {
        parts.recorder.record(note(news, clock.now()));
      }
      const problem = flagProblem(reading);
      if (reading.kind !== 'unreachable') {
        problems.report('lever place', reading.fault && `The lever fails: ${reading.fault}`);
      }
      problems.report('flag', problem && `The flag gives no percent: ${problem}`);
      if (reading.kind !== 'read') {
        return carry.settleDebt();
      }
      difference = noteDifference(reading);
      isWatched = parts.role() === 'leader' && (isWatched || difference === undefined);
      if (!carry.isRaising() && !carry.takeUp(reading.percent)) {
        await act(parts, reading, difference, isWatched);
      }
    },
  };
}

/** A raise that was given up, and carried out by the store after something lower was decided. */
function isLateRaise({ carry, holder }: FlagKeeperParts, found: Percent, role: Role): boolean {
  const held = holder.get();
  const isOwed = held.kind !== 'known' || held.debt !== undefined;
  return !isOwed && (role === 'leader' || role === 'orphan') && found > percentOf(held.state) && carry.isLate(found);
}

/** None is waited for longer than it may take, whatever the lever does. */
async function readWithin({ lever, clock, stop }: FlagKeeperParts): Promise<FlagReading> {
  try {
    return await clock.within(LEVER_WITHIN_MS, (signal) => lever.read(signal), stop);
  } catch (error) {
    return { kind: 'unreachable', why: `${lever.where}: ${(error as Error).message}` };
  }
}

async function act(
  parts: FlagKeeperParts,
  reading: Extract<FlagReading, { kind: 'read' }>,
  difference: Difference | undefined,
  isWatched: boolean,
): Promise<void> {
  const { plan, holder, keeper, carry, problems, clock } = parts;
  const role = parts.role();
  const isOwnLate = isLateRaise(parts, reading.percent, role);
  problems.report(
    'late write',
    isOwnLate
      ? `A write of ${reading.percent} % that was given up reached the flag late, and is lowered again`
      : undefined,
  );
  if (isOwnLate) {
    return carry.lowerAgain();
  }
  const meaning = readFlagMeaning({
    plan,
    held: holder.get(),
    role,
    reading,
    difference,
    isWatched,
    journalHeardAtMs: keeper.contact().heardAtMs,
    nowMs: clock.monotonic(),
    wallMs: clock.now(),
  });
  problems.report(
    'raised again',
    meaning.kind === 'lower-again' ? raisedAgainText(holder.state(), meaning.found) : undefined,
  );
  switch (meaning.kind) {
    case 'as-wanted':
      problems.report('lease', undefined);
      return problems.report('lever', undefined);
    case 'lower':
      return carry.settleDebt();
    case 'lower-again':
      return carry.lowerAgain();
    case 'follow':
      return holder.set(following(holder.get(), meaning.percent, clock.now()));
    case 'ask-journal':
      // Not waited for: one that hangs must not keep this from looking at the flag again.
      return void keeper.load();
    case 'renew-lease':
      return carry.renewLease(meaning.percent);
    case 'edited':
      return adopt(parts, meaning);
  }
}

async function adopt(
  { holder, decider, follower, clock, carry }: FlagKeeperParts,
  { percent, by }: Extract<FlagMeaning, { kind: 'edited' }>,
): Promise<void> {
  const from = percentOf(holder.state());
  const atMs = clock.now();
  // A write of our own that was given up and landed now was nobody's edit.
  const who = by === 'manual edit' && carry.isLate(percent) ? 'found' : by;
  const decision = await decider.step({ kind: 'flag-edited', percent, by: who }, atMs);
  if (decision.kind === 'changed') {
    follower.begin({ percent: decision.to, lowers: decision.to < from, seenAtMs: atMs, writtenAtMs: atMs });
  }
}
