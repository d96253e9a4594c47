import type { WRITING_WAYS } from '../../contract/schemas.ts';
import type { FlagState } from '../../flagd/read-percent.ts';
import type { Percent } from '../../kit/percent.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import type { Details } from '../../rollout/event-schema.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import type { SavedCounts } from '../../rollout/saved-counts.ts';
import type { State } from '../../rollout/state.ts';
import type { Measurement } from '../../rollout/timeline.ts';

/** SignalSource knows what the replicas count. It never throws: what it could not learn is part of what it says. */
export type SignalSource = {
  readonly name: 'scrape' | 'prometheus';
  /** @param signal ends the reading early, which is then `failed` with `timeout`. */
  readonly read: (signal: AbortSignal) => Promise<SourceReading>;
  readonly close: () => Promise<void>;
};

/** What the flag's store holds now. `fault`: what people have to mend, as the flag is also where flagd does not read it. */
export type FlagReading =
  | {
      readonly kind: 'read';
      readonly percent: Percent;
      /** When the lease runs out, milliseconds since 1970; undefined without a lease. */
      readonly leaseUntilMs: number | undefined;
      readonly fault?: string;
      /** The variants that its targeting may serve domain by though the percent is 0; empty where it computes them. */
      readonly unguarded?: readonly string[];
    }
  /** The store answers, but what it holds gives no percent, or must not be edited; `problems` say where and why. */
  | { readonly kind: 'unusable'; readonly problems: readonly string[]; readonly fault?: string }
  | { readonly kind: 'unreachable'; readonly why: string };

export type FlagWrite = {
  readonly percent: Percent;
  /**
   * The percent the caller last saw. A write that raises the percent happens only while the store still holds it; a write that
   * lowers it happens whatever the store holds, unless that is lower already.
   */
  readonly expected: Percent | undefined;
  /** Write the flag so that it falls to 0 by itself at this time, milliseconds since 1970; undefined writes it without a lease. */
  readonly leaseUntilMs: number | undefined;
  /** Undefined leaves the flag ENABLED or DISABLED as it is. */
  readonly state?: FlagState | undefined;
};

export type FlagWritten =
  | { readonly kind: 'written' }
  /** Somebody else changed the flag in between: nothing was written. `found` is what it holds now. */
  | { readonly kind: 'conflict'; readonly found: FlagReading }
  /** What is there, or the result, would not pass lint (`content`), or the store refused it: the percent is not served. */
  | { readonly kind: 'refused'; readonly problems: readonly string[]; readonly by: 'content' | 'store' }
  | { readonly kind: 'unreachable'; readonly why: string };

/** FlagLever knows how the percent of one flag is read and set where SREs edit it. It never throws. */
export type FlagLever = {
  readonly name: 'file' | 'configmap' | 'featureflag';
  /** Where the flag is, for people: a path, or namespace/resource. */
  readonly where: string;
  readonly read: (signal: AbortSignal) => Promise<FlagReading>;
  readonly write: (write: FlagWrite, signal: AbortSignal) => Promise<FlagWritten>;
  /** Whether a rollback could be written now, without writing it. */
  readonly rehearse: (signal: AbortSignal, state?: FlagState) => Promise<Rehearsal>;
};

export type WritingWay = (typeof WRITING_WAYS)[number];

export type Rehearsal =
  /** `unkept`: why the flags as they are could not be kept, for a rollback after a restart where somebody breaks them. */
  | { readonly kind: 'works'; readonly way: WritingWay; readonly unkept?: string }
  | { readonly kind: 'fails'; readonly why: string };

/** A percent that was asked for and written. Times in milliseconds since 1970. */
export type WrittenChange = {
  readonly percent: Percent;
  readonly lowers: boolean;
  /** When what asked for it was seen. */
  readonly seenAtMs: number;
  readonly writtenAtMs: number;
  /** Replicas that were not seen to serve it: whoever goes on has perhaps never seen them. */
  readonly waitingFor?: readonly string[];
};

export type SavedRollout = {
  readonly revision: number;
  readonly state: State;
  readonly intent: State | undefined;
  readonly settled: boolean;
  /** The change that not every replica is known to serve yet. */
  readonly unconfirmed: WrittenChange | undefined;
  readonly legacyBaseline: LegacyBaseline | undefined;
};

/** By source, what legacy did when it last had enough requests to be compared with. */
export type LegacyBaseline = Readonly<Record<string, SavedCounts>>;

/** Journal knows where the rollout was and everything that was decided. Its calls throw while it is away. */
export type Journal = {
  readonly load: () => Promise<SavedRollout | undefined>;
  /** @returns false where somebody else has written in between: nothing was saved. Revision 0 makes the first row. */
  readonly save: (saved: SavedRollout) => Promise<boolean>;
  /** Writes each event once, however often it is given. */
  readonly append: (events: readonly JournalEvent[]) => Promise<void>;
} & AlertStore;

/** An alert that asks for a rollback, as Alertmanager names it. */
export type FiringAlert = {
  readonly fingerprint: string;
  readonly name: string;
  /** When it began to fire, milliseconds since 1970: with the fingerprint, which firing it is. */
  readonly startsAtMs: number;
  readonly summary: string;
};

export type AlertChange = { readonly status: 'firing' | 'resolved'; readonly alert: FiringAlert };

/** AlertStore knows which alerts fire, whichever controller received them. Its calls throw while it is away. */
export type AlertStore = {
  /** Those that fire, and those that were resolved lately: a late repeat of one is known by it. */
  readonly alerts: () => Promise<readonly AlertChange[]>;
  /** In their order. A firing that was resolved stays so. */
  readonly keepAlerts: (changes: readonly AlertChange[]) => Promise<void>;
};

/** `domain`: domain wrote it, or it is lost whoever answered, as it may have fallen back. */
type MismatchedBy = 'domain' | 'others';

/** MismatchStore knows which single writes were found to differ. Its calls throw while it is away. */
export type MismatchStore = {
  /** The first ones since then, of what may be domain's doing or of the rest, and how many records there are in all. */
  readonly since: (fromMs: number, by: MismatchedBy, limit: number) => Promise<Details['mismatched']>;
  /** How many fields differ, of mismatches that were found in the last `ageMs`; or of writes made in it. */
  readonly count: (ageMs: number, of: 'found' | 'written') => Promise<Readonly<Record<MismatchedBy, number>>>;
};

/** MeasurementStore keeps what was measured over the lives of controllers. Its calls throw while it is away. */
export type MeasurementStore = {
  /** Writes each span once: one that is there already stays. */
  readonly append: (measurements: readonly Measurement[]) => Promise<void>;
  /** The oldest first. */
  readonly since: (fromMs: number) => Promise<readonly Measurement[]>;
  readonly forgetBefore: (atMs: number) => Promise<void>;
};

/** Leadership knows whether this controller is the one that may promote. */
export type Leadership = {
  readonly leading: () => boolean;
  /** Since when, on the clock's monotonic time; the last time where it does not lead. */
  readonly sinceMs: () => number;
  readonly close: () => Promise<void>;
};
