import { formatDuration } from '../../contract/wording/format.ts';
import type { Percent } from '../../kit/percent.ts';
import type { Clock } from '../../kit/time.ts';
import { ANY, type FollowedChange, nameOfReplica, untilConfirmed } from './confirmation.ts';
import { type Note, note } from './event-text.ts';
import type { ControlMetrics } from './metrics.ts';
import type { SignalSource, WrittenChange } from './ports.ts';
import type { Recorder } from './recorder.ts';
import { happened, type Repeats } from './repeats.ts';

type FollowerParts = {
  readonly witness: SignalSource | undefined;
  readonly clock: Clock;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly metrics: Pick<ControlMetrics, 'observeRollback'>;
  /** Ends everything that is under way. */
  readonly stop: AbortSignal;
  readonly run: (work: Promise<void>) => void;
  /** Writes a lowered percent once more, unless another one is wanted by then, which `signal` says. */
  readonly writeAgain: (percent: Percent, signal: AbortSignal) => Promise<void>;
  readonly onConfirmed: () => void;
};

export type Follower = ReturnType<typeof createFollower>;

/** Follows the last percent that was written until every replica serves it, over the lives of controllers. */
export function createFollower(parts: FollowerParts) {
  const { witness, stop, run } = parts;
  const notes = createNotes(parts);
  let change: FollowedChange | undefined;
  /** What the journal says is not confirmed yet, by whoever wrote it. */
  let inherited: WrittenChange | undefined;
  let following = new AbortController();

  const update = (seen: FollowedChange['seen']) => {
    change = change && { ...change, seen };
  };

  function begin(written: WrittenChange, isAgain = false): void {
    inherited = undefined;
    following.abort();
    following = new AbortController();
    if (!isAgain) {
      notes.beginAnew();
    }
    if (witness === undefined) {
      change = { ...written, seen: { kind: 'unknowable' } };
      return;
    }
    change = { ...written, seen: { kind: 'waiting', for: [`${ANY} (not read yet)`] } };
    const signal = AbortSignal.any([following.signal, stop]);
    run(follow(parts, { written, isAgain, witness, signal, notes, update }));
  }

  return {
    begin: (written: WrittenChange): void => begin(written),
    /** The same percent had to be written once more: it is followed, and reported once and then summed. */
    beginAgain: (written: WrittenChange): void => {
      const isUnderWay = change?.percent === written.percent && change.lowers && change.seen.kind === 'waiting';
      if (!isUnderWay) {
        begin(written, true);
      }
    },
    change: (): FollowedChange | undefined => change,
    /** For the journal, so that whoever leads next goes on. */
    unconfirmed: (): WrittenChange | undefined => {
      if (change?.seen.kind !== 'waiting') {
        return inherited;
      }
      const { percent, lowers, seenAtMs, writtenAtMs, seen } = change;
      const waitingFor = seen.for.map(nameOfReplica).filter((name) => name !== ANY);
      return { percent, lowers, seenAtMs, writtenAtMs, ...(waitingFor.length > 0 && { waitingFor }) };
    },
    /** What the journal says that another controller, or this one before a restart, could not see served. */
    inherit: (written: WrittenChange | undefined): void => {
      inherited = written?.seenAtMs === change?.seenAtMs ? undefined : written;
    },
    /** Goes on with what was inherited, where that is still what is wanted. */
    goOn: (percent: Percent): void => {
      if (inherited?.percent === percent) {
        begin(inherited);
      }
    },
  };
}

type Following = {
  readonly written: WrittenChange;
  readonly isAgain: boolean;
  readonly witness: SignalSource;
  readonly signal: AbortSignal;
  readonly notes: ReturnType<typeof createNotes>;
  readonly update: (seen: FollowedChange['seen']) => void;
};

async function follow(
  { clock, writeAgain, onConfirmed }: FollowerParts,
  { written, isAgain, witness, signal, notes, update }: Following,
): Promise<void> {
  const { percent, lowers } = written;
  const confirmedAtMs = await untilConfirmed({
    witness,
    percent,
    lowers,
    signal,
    clock,
    known: written.waitingFor ?? [],
    onLook: (waitingFor) => update({ kind: 'waiting', for: waitingFor }),
    onLate: async (waitingFor) => {
      notes.late(percent, waitingFor);
      if (lowers) {
        await writeAgain(percent, signal);
      }
    },
  });
  // Another change may have begun since the last look.
  if (confirmedAtMs !== undefined && !signal.aborted) {
    update({ kind: 'confirmed', atMs: confirmedAtMs });
    notes.confirmed(written, confirmedAtMs, isAgain);
    onConfirmed();
  }
}

/** What is recorded of a change: what is so for long, or again, is summed. */
function createNotes({ clock, recorder, metrics }: Pick<FollowerParts, 'clock' | 'recorder' | 'metrics'>) {
  let repeats: Repeats<Note> = new Map();

  function sayOnce(key: string, what: Note): void {
    const { next, recorded } = happened(repeats, key, what, clock.monotonic());
    repeats = next;
    for (const each of recorded) {
      recorder.record(note(each, clock.now()));
    }
  }

  return {
    beginAnew: (): void => {
      repeats = new Map();
    },
    late: (percent: Percent, waitingFor: readonly string[]): void => {
      const text = `${percent} % is written, and not yet served by ${waitingFor.join(', ')}.`;
      const names = waitingFor.map(nameOfReplica).join();
      sayOnce(names, { kind: 'unconfirmed', text, to: percent, details: { waitingFor } });
    },
    confirmed: (
      { percent, lowers, seenAtMs, writtenAtMs }: WrittenChange,
      confirmedAtMs: number,
      isAgain: boolean,
    ): void => {
      const times = { seenAtMs, writtenAtMs, confirmedAtMs };
      const after = (ms: number) => `${formatDuration(confirmedAtMs - ms, 'en')} after`;
      const text = `Every replica serves ${percent} %, ${after(writtenAtMs)} the flag was written, ${after(seenAtMs)} it was asked for.`;
      const confirmed = { kind: 'confirmed', text, to: percent, details: times } as const;
      if (lowers && !isAgain) {
        metrics.observeRollback(times);
      }
      if (isAgain) {
        sayOnce('confirmed', confirmed);
      } else {
        recorder.record(note(confirmed, confirmedAtMs));
      }
    },
  };
}
