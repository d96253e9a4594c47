import type { Percent } from '../kit/percent.ts';

/** Counts since a replica's process began, of attempts on one path; as its /metrics page says them. */
export type PathCounters = {
  readonly ok: number;
  readonly rejected: number;
  readonly error: number;
  readonly duration: {
    readonly count: number;
    readonly sumSeconds: number;
    /** Attempts that took at most this many seconds, by bound; `Infinity` included. */
    readonly atMost: ReadonlyMap<number, number>;
  };
};

/** What one replica said at one moment. What it did not say is undefined, which is never taken for good. */
export type ReplicaReading = {
  readonly replica: string;
  /** Milliseconds since 1970, of the sample, not of the question. */
  readonly atMs: number;
  /** When its process began, milliseconds since 1970: counters before that belong to another one. */
  readonly startedAtMs: number | undefined;
  readonly legacy: PathCounters | undefined;
  readonly domain: PathCounters | undefined;
  readonly servedPercent: Percent | undefined;
  readonly breakerOpen: boolean | undefined;
  /** Checks of domain writes, or of writes that are lost, that found a difference, over all fields. */
  readonly mismatches: number | undefined;
  /** Domain attempts that legacy answered in place of. */
  readonly fallbacks: number | undefined;
  /** CPU time of the process since it began. Only the replicas themselves report it, and their memory. */
  readonly cpuSeconds: number | undefined;
  readonly residentBytes: number | undefined;
};

/** Why a source gave nothing, or nothing that can be used. */
type Failure = 'unreachable' | 'timeout' | 'refused' | 'empty' | 'stale' | 'malformed';
/** Left: a name service leaves it out. Starting: it has not answered yet. Ending: its process ended a moment ago. */
type ComesOrGoes = 'left' | 'starting' | 'ending';
export type SourceFailure = Failure | ComesOrGoes;

/** Pods that come and go are in every deploy, and must not hold a stage for as long as there are any. */
export const isComingOrGoing = (why: SourceFailure): why is ComesOrGoes =>
  why === 'left' || why === 'starting' || why === 'ending';

export type Missing = {
  readonly replica: string;
  readonly why: SourceFailure;
  readonly detail: string;
  /** It stands for replicas that nobody can name now, as where a name is not resolved: these neither start nor end. */
  readonly ofSeveral?: true;
};

/** One look at all replicas through one source. */
export type SourceReading =
  | {
      readonly kind: 'read';
      readonly replicas: readonly ReplicaReading[];
      /** Replicas that should be there and reported nothing usable. */
      readonly missing: readonly Missing[];
    }
  | { readonly kind: 'failed'; readonly why: SourceFailure; readonly detail: string };
