import type { StoreFault } from './world/flag-store.ts';
import type { JournalFault } from './world/journal.ts';
import type { Random } from './world/random.ts';
import type { ReplicaFault } from './world/replicas.ts';

export const CONTROLLERS = ['a', 'b'] as const;
export type Name = (typeof CONTROLLERS)[number];

/** A controller: by its name, or by what it is at the moment. */
export type Who = Name | 'leader' | 'standby';

/** What a world may wait for until something happens in it: the moments in which a race is decided. */
export type Moment = 'raise' | 'lower';

/** One thing that happens in a world: at its time or, with `on`, `afterMs` after the next such moment. */
export type Action = {
  readonly atMs: number;
  readonly on?: { readonly moment: Moment; readonly afterMs: number };
} & (
  | { readonly do: 'start' | 'pause' | 'resume' | 'approve' | 'promote' }
  | { readonly do: 'rollback'; readonly who: Who }
  | { readonly do: 'edit'; readonly percent: number }
  | { readonly do: 'gitops'; readonly percent: number; readonly everyMs: number; readonly forMs: number }
  | { readonly do: 'break'; readonly how: 'errors' | 'slow'; readonly forMs: number }
  | { readonly do: 'mismatch'; readonly at: number }
  | { readonly do: 'quiet'; readonly forMs: number }
  | { readonly do: 'store'; readonly fault: StoreFault; readonly forMs: number }
  | { readonly do: 'database'; readonly fault: JournalFault; readonly forMs: number }
  | { readonly do: 'lose-row' }
  | { readonly do: 'cut' | 'freeze' | 'kill' | 'stop'; readonly who: Who; readonly forMs: number }
  /** Ends between two steps of it, whatever it waits for: the `step`-th from now. */
  | { readonly do: 'crash'; readonly who: Who; readonly step: number; readonly forMs: number }
  | { readonly do: 'jump'; readonly who: Who; readonly ms: number }
  | { readonly do: 'replica'; readonly at: number; readonly fault: ReplicaFault; readonly forMs: number }
  | { readonly do: 'restart'; readonly at: number }
  | { readonly do: 'churn'; readonly everyMs: number; readonly forMs: number }
  | { readonly do: 'lag'; readonly ms: number; readonly forMs: number }
  | { readonly do: 'replan'; readonly lease: boolean; readonly without: number | undefined }
  | {
      readonly do: 'alert';
      readonly who: Who | 'both';
      readonly resolvedAt: Who | 'both';
      readonly forMs: number;
      readonly everyMs: number;
      /** After it was resolved; none where undefined. */
      readonly lateMs: number | undefined;
    }
);

export type Doing = Action['do'];

/** For the summary: what kind of thing it is. */
export function kindOf(action: Action): string {
  switch (action.do) {
    case 'store':
    case 'database':
    case 'replica':
      return `${action.do} ${action.fault}`;
    case 'break':
      return `break by ${action.how}`;
    case 'alert':
      return action.lateMs === undefined ? 'alert' : 'alert with a late repeat';
    default:
      return action.do;
  }
}

const PERCENTS = [0, 5, 10, 25, 50] as const;
const MINUTE = 60_000;

type Make = (random: Random, tickMs: number, forMs: number) => WithoutTime<Action>;
type WithoutTime<A> = A extends Action ? Omit<A, 'atMs' | 'on'> : never;

const whoOf = (random: Random): Who => random.pick(['a', 'b', 'leader', 'standby'] as const);
const MAKERS: readonly Make[] = [
  (random) => ({ do: random.pick(['start', 'pause', 'resume', 'approve', 'promote'] as const) }),
  (random) => ({ do: 'rollback', who: whoOf(random) }),
  (random) => ({ do: 'edit', percent: random.pick(PERCENTS) }),
  (random, tickMs, forMs) => ({
    do: 'gitops',
    percent: random.pick(PERCENTS),
    everyMs: tickMs * random.between(1, 8),
    forMs,
  }),
  (random, _, forMs) => ({ do: 'break', how: random.pick(['errors', 'errors', 'slow'] as const), forMs }),
  (_random, _tickMs, forMs) => ({ do: 'break', how: 'errors', forMs }),
  (random) => ({ do: 'mismatch', at: random.between(0, 2) }),
  (_random, _tickMs, forMs) => ({ do: 'quiet', forMs }),
  (random, _, forMs) => ({
    do: 'store',
    fault: random.pick(['forbidden', 'invalid', 'busy', 'silent', 'slow', 'contended'] as const),
    forMs,
  }),
  (random, _, forMs) => ({
    do: 'database',
    fault: random.pick(['slow', 'slow', 'hanging', 'away'] as const),
    forMs,
  }),
  () => ({ do: 'lose-row' }),
  (random, _, forMs) => ({
    do: random.pick(['cut', 'freeze', 'kill', 'stop'] as const),
    who: whoOf(random),
    forMs,
  }),
  (random, tickMs) => ({ do: 'crash', who: whoOf(random), step: random.between(1, 40), forMs: tickMs * 4 }),
  (random) => ({ do: 'jump', who: whoOf(random), ms: random.between(-60 * MINUTE, 60 * MINUTE) }),
  (random, _, forMs) => ({
    do: 'replica',
    at: random.between(0, 2),
    fault: random.pick(['silent', 'deaf', 'vanished', 'lost', 'gone', 'lying'] as const),
    forMs,
  }),
  (random) => ({ do: 'restart', at: random.between(0, 2) }),
  (random, tickMs, forMs) => ({ do: 'churn', everyMs: tickMs * random.between(2, 20), forMs }),
  (random, _, forMs) => ({ do: 'lag', ms: random.pick([20, 500, 5_000, 30_000]), forMs }),
  (random) => ({ do: 'replan', lease: random.chance(0.5), without: random.pick([undefined, 10, 25]) }),
  (random, tickMs, forMs) => ({
    do: 'alert',
    who: random.pick(['a', 'b', 'leader', 'standby', 'both'] as const),
    resolvedAt: random.pick(['a', 'b', 'both'] as const),
    forMs,
    everyMs: tickMs * random.between(2, 20),
    lateMs: random.chance(0.4) ? tickMs * random.between(2, 60) : undefined,
  }),
];

/** What can decide a race: it waits for the moment, and comes within the time that a slow journal takes. */
const RACERS: readonly Make[] = [
  (random) => ({ do: 'rollback', who: whoOf(random) }),
  (random) => ({ do: 'rollback', who: whoOf(random) }),
  (random, tickMs) => ({ do: 'crash', who: 'leader', step: random.between(1, 12), forMs: tickMs * 4 }),
  (random, _, forMs) => ({ do: random.pick(['freeze', 'cut'] as const), who: 'leader', forMs }),
  (random) => ({ do: 'edit', percent: random.pick(PERCENTS) }),
  (random, tickMs, forMs) => ({
    do: 'alert',
    who: random.pick(['leader', 'standby', 'both'] as const),
    resolvedAt: 'both',
    forMs,
    everyMs: tickMs * 10,
    lateMs: undefined,
  }),
  (random, _, forMs) => ({ do: 'store', fault: random.pick(['silent', 'slow', 'forbidden'] as const), forMs }),
];

export function actionAt(random: Random, atMs: number, tickMs: number): Action {
  const forMs = random.between(tickMs, tickMs * random.pick([4, 20, 60]));
  const isRace = random.chance(0.25);
  const made = random.pick(isRace ? RACERS : MAKERS)(random, tickMs, forMs);
  const moment = random.chance(0.7) ? 'raise' : 'lower';
  return isRace
    ? { ...made, atMs, on: { moment, afterMs: random.pick([0, 1, 2, 3, 5, 100, 400, 700, 1_400]) } }
    : { ...made, atMs };
}
