import type { Percent } from '../../kit/percent.ts';
import type { StageEvidence } from '../../rollout/evidence-schema.ts';
import { IDLE, percentOf, type Reason, type State } from '../../rollout/state.ts';
import type { FlagReading, SavedRollout } from './ports.ts';

/** A flag that does not say yet what was decided: it has to be lowered. Times in milliseconds since 1970. */
export type Debt = {
  readonly from: Percent;
  readonly to: Percent;
  readonly why: Reason;
  /** When what asked for it was seen. */
  readonly seenAtMs: number;
  /** When the stage began that it is about, and what was known of it, where this controller decided it. */
  readonly sinceMs?: number;
  readonly evidence?: StageEvidence | undefined;
  /** Another controller did it before, and has reported it. */
  readonly isReported?: boolean;
};

/** Where the rollout is, as far as this controller knows, and where it knows it from. */
export type Held =
  /** Neither the journal nor the flag has said anything yet. */
  | { readonly kind: 'unread' }
  /** The journal cannot be asked: what the flag says is guarded, and never raised. */
  | { readonly kind: 'provisional'; readonly state: State }
  | {
      readonly kind: 'known';
      readonly state: State;
      /** Of the journal's row that this was decided upon; undefined where the journal was never read. 0: there is no row. */
      readonly revision: number | undefined;
      /** Decided here, and not in the journal yet. */
      readonly ahead: boolean;
      readonly debt: Debt | undefined;
    };

type Known = Extract<Held, { kind: 'known' }>;

export const stateOf = (held: Held): State => (held.kind === 'unread' ? IDLE : held.state);

/** A decision that was made here. `debt` is given where the flag has to follow. */
export function decided(held: Held, state: State, debt?: Debt): Known {
  const before = held.kind === 'known' ? held : undefined;
  return { kind: 'known', state, revision: before?.revision, ahead: true, debt: debt ?? before?.debt };
}

/** Time was counted: nothing that the journal has to have at once. */
export function counted(held: Held, state: State): Held {
  return held.kind === 'unread' ? held : { ...held, state };
}

/** The flag says what was decided, whoever wrote it. */
export function paid(held: Held): Held {
  return held.kind === 'known' && held.debt !== undefined ? { ...held, debt: undefined, ahead: true } : held;
}

/** The journal has what was held when it was asked to save; what was decided since is still ahead of it. */
export function saved(held: Held, asked: Held, revision: number): Held {
  if (held.kind !== 'known' || asked.kind !== 'known') {
    return held;
  }
  const isSame = held.debt === asked.debt && isSameStep(held.state, asked.state);
  return { ...held, revision, ahead: held.ahead && !isSame };
}

/** Without a journal that could explain it: what the flag says is guarded from here on. */
export function following(held: Held, percent: Percent, nowMs: number): Held {
  return stateOf(held).phase !== 'idle' || percent > 0 || held.kind === 'unread'
    ? { kind: 'provisional', state: provisional(percent, nowMs) }
    : held;
}

function provisional(percent: Percent, nowMs: number): State {
  return percent === 0 ? IDLE : { phase: 'observing', percent, sinceMs: nowMs, healthyMs: 0, countedAtMs: nowMs };
}

/**
 * What the journal said, joined with what was decided here meanwhile. Whoever went lower is right; at the same percent a decision
 * of the leader is, and else one that stopped something. @param hasLed it led before, too: what is held is what it raised.
 */
export function loaded(
  held: Held,
  row: SavedRollout | undefined,
  flag: FlagReading | undefined,
  leads: boolean,
  hasLed = false,
): Held {
  if (row === undefined) {
    return held.kind === 'known'
      ? { ...held, revision: 0, ahead: true }
      : { kind: 'known', state: IDLE, revision: 0, ahead: false, debt: undefined };
  }
  const isLost = held.kind === 'known' && held.revision !== undefined && row.revision < held.revision;
  if (isLost && (leads || percentOf(held.state) < percentOf(row.state))) {
    // A failover of the database lost what had been saved: it is saved again.
    return { ...held, revision: row.revision, ahead: true };
  }
  if (held.kind === 'known' && held.ahead && ownStands(held.state, row.state, leads)) {
    return { ...held, revision: row.revision };
  }
  const state = intended(row, flag);
  if (held.kind === 'known' && !held.ahead && held.revision === row.revision && state === row.state) {
    return held;
  }
  const to = percentOf(state);
  // Somebody lowered it while this one raised it: the flag may say either.
  const isOvertaken = held.kind === 'known' && leads && hasLed && to < percentOf(held.state);
  const debt: Debt | undefined =
    row.settled && !isOvertaken
      ? undefined
      : {
          from: 'from' in state && typeof state.from === 'number' ? state.from : to,
          to,
          why: reasonIn(state),
          seenAtMs: sinceIn(state),
          ...(row.settled && { isReported: true }),
        };
  return { kind: 'known', state, revision: row.revision, ahead: leads && state !== row.state, debt };
}

/** A raise that was under way when its controller ended is taken up where the flag was already written. */
function intended({ state, intent }: SavedRollout, flag: FlagReading | undefined): State {
  return intent !== undefined && flag?.kind === 'read' && flag.percent === percentOf(intent)
    ? pausedAs(state, intent)
    : state;
}

/** A raise that is found written. @returns undefined where something else was decided since it was begun. */
export function enteredFrom(now: State, before: State, raised: State): State | undefined {
  const isPaused = now.phase === 'paused' && percentOf(now) === percentOf(before);
  return isPaused || isSameStep(now, before) ? pausedAs(now, raised) : undefined;
}

/** Whoever paused while it was under way is not contradicted: it is paused where it is now. */
function pausedAs(now: State, raised: State): State {
  return now.phase === 'paused' && raised.phase === 'observing'
    ? { ...raised, phase: 'paused', from: 'observing', why: now.why }
    : raised;
}

function ownStands(own: State, row: State, leads: boolean): boolean {
  const [ownPercent, rowPercent] = [percentOf(own), percentOf(row)];
  if (ownPercent !== rowPercent) {
    return ownPercent < rowPercent;
  }
  return leads || (own.phase === 'rolled-back' && row.phase !== 'rolled-back');
}

/** The same but for time that was counted. */
function isSameStep(a: State, b: State): boolean {
  return a === b || (a.phase === b.phase && percentOf(a) === percentOf(b) && sinceIn(a) === sinceIn(b));
}

const sinceIn = (state: State): number => ('sinceMs' in state ? state.sinceMs : 0);
const reasonIn = (state: State): Reason => ('why' in state ? state.why : { kind: 'plan' });
