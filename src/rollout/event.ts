import type { Percent } from '../kit/percent.ts';
import type { Details } from './event-schema.ts';

export type EventKind = keyof Details;

/** Something that happened to a rollout, as the controller records it. */
export type JournalEvent = Happened &
  { [K in RecordedKind]: { readonly kind: K; readonly details: Details[K] } }[RecordedKind];

type RecordedKind = Exclude<EventKind, 'other'>;

/** An event that is read, whichever version wrote it: each of its details may be missing. */
export type ReadEvent = Happened & EventBody;

export type EventBody<K extends EventKind = EventKind> = {
  [P in K]: { readonly kind: P; readonly details: Partial<Details[P]> };
}[K];

type Happened = {
  readonly eventId: string;
  readonly atMs: number;
  readonly from: Percent | null;
  readonly to: Percent | null;
  readonly actor: string;
  /** What happened and why, in a sentence. */
  readonly text: string;
};

export type News = 'plain' | 'notable' | 'bad';
export type Severity = 'info' | 'warning' | 'critical';

type Meaning<K extends EventKind> = {
  /** A decision changes the state; a fact of a stage was found out; a note is of what happens beside the rollout's course. */
  readonly is: 'decision' | 'fact' | 'note';
  /** Another percent is served from here on: where `to` is another one than `from`, its stage begins. */
  readonly enters: boolean;
  /** The stage at `from` is over. */
  readonly leaves: boolean;
  readonly news: News | ((details: Partial<Details[K]>) => News);
  /** How urgent it is that people hear of it; undefined where it is in the journal only. */
  readonly severity: Severity | undefined;
};

const badIf = (found: number | undefined): News => (found !== undefined && found > 0 ? 'bad' : 'plain');

/** An older version held all findings against domain. */
const newsOfCheck = (findings = 0, held = findings): News => (held > 0 ? 'bad' : findings > 0 ? 'notable' : 'plain');

/** Differences that legacy wrote are no news of domain; a write that is lost may be. */
const isOfOthers = (first: Details['mismatched']['first'] = []): boolean =>
  first.length > 0 && first.every(({ path, field }) => path === 'legacy' && field !== 'history');

const CHANGE = { is: 'decision', enters: false, leaves: false, news: 'plain', severity: 'info' } as const;
const FACT = { is: 'fact', enters: false, leaves: false } as const;
const NOTE = { is: 'note', enters: false, leaves: false, severity: undefined } as const;

/** What each kind means, once: everything that sorts events asks here, and a new kind does not compile until it is sorted. */
const KINDS = {
  started: { ...CHANGE, enters: true },
  promoted: { ...CHANGE, enters: true, leaves: true },
  completed: { ...CHANGE, leaves: true },
  'approval-needed': { ...CHANGE, news: 'notable', severity: 'warning' },
  paused: { ...CHANGE, news: 'notable' },
  resumed: CHANGE,
  'rolling-back': { ...NOTE, news: 'bad', severity: 'critical' },
  'rolled-back': { ...CHANGE, enters: true, leaves: true, news: 'bad', severity: 'critical' },
  adopted: { ...CHANGE, enters: true, leaves: true, news: 'notable', severity: 'warning' },
  verified: { ...FACT, news: ({ failed }) => badIf(failed), severity: 'warning' },
  checked: { ...FACT, news: ({ findings, held }) => newsOfCheck(findings, held), severity: 'warning' },
  mismatched: { ...FACT, news: ({ first }) => (isOfOthers(first) ? 'notable' : 'bad'), severity: 'critical' },
  confirmed: { ...NOTE, news: 'plain' },
  unconfirmed: { ...NOTE, news: 'bad', severity: 'critical' },
  refused: { ...NOTE, news: 'bad' },
  holding: { ...NOTE, news: 'bad', severity: 'warning' },
  breached: { ...NOTE, news: 'bad', severity: 'warning' },
  trouble: { ...NOTE, news: 'bad' },
  'lever-failed': { ...NOTE, news: 'bad', severity: 'critical' },
  unguarded: { ...NOTE, news: 'bad', severity: 'warning' },
  leading: { ...NOTE, news: 'plain' },
  other: { ...NOTE, news: 'plain' },
} as const satisfies { readonly [K in EventKind]: Meaning<K> };

/** The kinds of the controller's own decisions. */
export type DecisionKind = {
  [K in EventKind]: (typeof KINDS)[K]['is'] extends 'decision' ? K : never;
}[EventKind];

const MEANINGS: { readonly [K in EventKind]: Meaning<K> } = KINDS;

/** An answer may come from a newer controller: a kind that is not known is another one. */
const meaningOf = <K extends EventKind>(kind: K): Meaning<K> | Meaning<'other'> =>
  Object.hasOwn(MEANINGS, kind) ? MEANINGS[kind] : MEANINGS.other;

export const isDecision = <E extends EventBody>(event: E): event is Extract<E, { readonly kind: DecisionKind }> =>
  meaningOf(event.kind).is === 'decision';
/** A decision, or a fact of a stage: what a reader of the rollout's course looks for. */
export const isMilestone = (kind: EventKind): boolean => meaningOf(kind).is !== 'note';
export const entersStage = (kind: EventKind): boolean => meaningOf(kind).enters;
export const leavesStage = (kind: EventKind): boolean => meaningOf(kind).leaves;

export function newsOf<K extends EventKind>({ kind, details }: EventBody<K>): News {
  const { news } = meaningOf(kind);
  return typeof news === 'function' ? news(details) : news;
}

/** Undefined for what nobody needs to be notified of: a fact that is no news, and what is in the journal only. */
export function severityOf(event: EventBody): Severity | undefined {
  const { is, severity } = meaningOf(event.kind);
  return is === 'fact' ? ({ bad: severity, notable: 'info', plain: undefined } as const)[newsOf(event)] : severity;
}
