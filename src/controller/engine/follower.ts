import { formatDuration } from '../../contract/wording/format.ts';
import type { Percent } from '../../kit/percent.ts';
import type { Clock } from '../../kit/time.ts';
import { type FollowedChange, untilConfirmed } from './confirmation.ts';
import { note } from './event-text.ts';
import type { ControlMetrics } from './metrics.ts';
import type { SignalSource, WrittenChange } from './ports.ts';
import type { Recorder } from './recorder.ts';

type FollowerParts = {
  readonly witness: SignalSource | undefined;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly metrics: ControlMetrics;
  /** Ends everything that is under way. */
  readonly stop: AbortSignal;
  readonly run: (work: Promise<void>) => void;
  /** Writes a lowered percent once more, unless another one is wanted by then, which `signal` says. */
  readonly writeAgain: (percent: Percent, signal: AbortSignal) => Promise<void>;
  readonly onConfirmed: () => void;
};

/** Follows the last percent that was written until every replica serves it, over the lives of controllers. */
export function createFollower(parts: FollowerParts) {
  const { witness, clock, recorder, metrics, stop, run, writeAgain, onConfirmed } = parts;
  let change: FollowedChange | undefined;
  /** What the journal says is not confirmed yet, by whoever wrote it. */
  let inherited: WrittenChange | undefined;
  let following = new AbortController();

  function begin(written: WrittenChange): void {
    inherited = undefined;
    following.abort();
    following = new AbortController();
    if (witness === undefined) {
      change = { ...written, seen: { kind: 'unknowable' } };
      return;
    }
    change = { ...written, seen: { kind: 'waiting', for: ['any replica (not read yet)'] } };
    run(follow(written, witness, AbortSignal.any([following.signal, stop])));
  }

  async function follow(written: WrittenChange, asked: SignalSource, signal: AbortSignal): Promise<void> {
    const { percent, lowers } = written;
    const confirmedAtMs = await untilConfirmed({
      witness: asked,
      percent,
      lowers,
      signal,
      clock,
      onLook: (waitingFor) => {
        change = change && { ...change, seen: { kind: 'waiting', for: waitingFor } };
      },
      onLate: async (waitingFor) => {
        const text = `${percent} % is written, and not yet served by ${waitingFor.join(', ')}.`;
        recorder.record(note({ kind: 'unconfirmed', text, to: percent, details: { waitingFor } }, clock.now()));
        if (lowers) {
          await writeAgain(percent, signal);
        }
      },
    });
    if (confirmedAtMs !== undefined && change !== undefined) {
      change = { ...change, seen: { kind: 'confirmed', atMs: confirmedAtMs } };
      tellConfirmed(written, confirmedAtMs);
    }
  }

  function tellConfirmed({ percent, lowers, seenAtMs, writtenAtMs }: WrittenChange, confirmedAtMs: number): void {
    const times = { seenAtMs, writtenAtMs, confirmedAtMs };
    if (lowers) {
      metrics.observeRollback(times);
    }
    const after = (ms: number) => `${formatDuration(confirmedAtMs - ms, 'en')} after`;
    const text = `Every replica serves ${percent} %, ${after(writtenAtMs)} the flag was written, ${after(seenAtMs)} it was asked for.`;
    recorder.record(note({ kind: 'confirmed', text, to: percent, details: times }, confirmedAtMs));
    onConfirmed();
  }

  return {
    begin,
    change: (): FollowedChange | undefined => change,
    /** For the journal, so that whoever leads next goes on. */
    unconfirmed: (): WrittenChange | undefined => {
      if (change?.seen.kind !== 'waiting') {
        return inherited;
      }
      const { percent, lowers, seenAtMs, writtenAtMs } = change;
      return { percent, lowers, seenAtMs, writtenAtMs };
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

export type Follower = ReturnType<typeof createFollower>;
