import type { StoreFault } from './world/flag-store.ts';
import type { JournalFault } from './world/journal.ts';
import { createRandom, type Random } from './world/random.ts';
import type { ReplicaFault } from './world/replicas.ts';

export const CONTROLLERS = ['a', 'b'] as const;
export const REPLICAS = ['r1:1', 'r2:1', 'r3:1'] as const;

type Who = (typeof CONTROLLERS)[number];

/** One thing that happens in a world. */
export type Action = { readonly atMs: number } & (
  | { readonly do: 'start' | 'pause' | 'resume' | 'approve' | 'promote' }
  | { readonly do: 'rollback'; readonly who: Who }
  | { readonly do: 'edit'; readonly percent: number }
  | { readonly do: 'gitops'; readonly percent: number; readonly everyMs: number; readonly forMs: number }
  | { readonly do: 'break' | 'quiet'; readonly forMs: number }
  | { readonly do: 'store'; readonly fault: StoreFault; readonly forMs: number }
  | { readonly do: 'database'; readonly fault: JournalFault; readonly forMs: number }
  | { readonly do: 'lose-row' }
  | { readonly do: 'cut' | 'freeze'; readonly who: Who; readonly forMs: number }
  | { readonly do: 'kill'; readonly who: Who; readonly forMs: number }
  | { readonly do: 'jump'; readonly who: Who; readonly ms: number }
  | { readonly do: 'replica'; readonly name: string; readonly fault: ReplicaFault; readonly forMs: number }
  | { readonly do: 'restart'; readonly name: string }
  | { readonly do: 'lag'; readonly ms: number; readonly forMs: number }
  | {
      readonly do: 'alert';
      readonly who: Who;
      readonly forMs: number;
      readonly repeats: boolean;
      readonly late: boolean;
    }
);

export type Schedule = {
  readonly seed: number;
  readonly tickMs: number;
  readonly lastsMs: number;
  readonly lease: boolean;
  readonly actions: readonly Action[];
};

const MINUTE = 60_000;
const PERCENTS = [0, 5, 10, 25, 50] as const;

/** What happens in the world of a seed. Most hours are long and quiet ones; most happenings are in short and busy ones. */
export function scheduleOf(seed: number): Schedule {
  const random = createRandom(seed);
  const shape = random.next();
  const [tickMs, lastsMs, many] =
    shape < 0.25 ? [500, 10 * MINUTE, 12] : shape < 0.5 ? [5_000, 4 * 60 * MINUTE, 20] : [60_000, 72 * 60 * MINUTE, 30];
  const actions: Action[] = [{ atMs: tickMs * 8, do: 'start' }];
  for (let at = random.between(2, many); at > 0; at -= 1) {
    actions.push(actionAt(random, random.between(tickMs * 4, lastsMs), tickMs));
  }
  return {
    seed,
    tickMs,
    lastsMs,
    lease: random.chance(0.25),
    actions: actions.toSorted((a, b) => a.atMs - b.atMs),
  };
}

function actionAt(random: Random, atMs: number, tickMs: number): Action {
  const forMs = random.between(tickMs, tickMs * random.pick([4, 20, 60]));
  const who = random.pick(CONTROLLERS);
  const name = random.pick(REPLICAS);
  const kinds: (() => Action)[] = [
    () => ({ atMs, do: random.pick(['start', 'start', 'pause', 'resume', 'resume', 'approve', 'promote'] as const) }),
    () => ({ atMs, do: 'rollback', who }),
    () => ({ atMs, do: 'edit', percent: random.pick(PERCENTS) }),
    () => ({ atMs, do: 'gitops', percent: random.pick(PERCENTS), everyMs: tickMs * random.between(1, 8), forMs }),
    () => ({ atMs, do: 'break', forMs }),
    () => ({ atMs, do: 'break', forMs }),
    () => ({ atMs, do: 'quiet', forMs }),
    () => ({
      atMs,
      do: 'store',
      fault: random.pick(['forbidden', 'invalid', 'busy', 'silent', 'slow', 'contended'] as const),
      forMs,
    }),
    () => ({ atMs, do: 'database', fault: random.pick(['slow', 'hanging', 'away'] as const), forMs }),
    () => ({ atMs, do: 'database', fault: 'slow', forMs }),
    () => ({ atMs, do: 'lose-row' }),
    () => ({ atMs, do: random.pick(['cut', 'freeze'] as const), who, forMs }),
    () => ({ atMs, do: 'kill', who, forMs }),
    () => ({ atMs, do: 'jump', who, ms: random.between(-3_600_000, 3_600_000) }),
    () => ({
      atMs,
      do: 'replica',
      name,
      fault: random.pick(['silent', 'deaf', 'vanished', 'gone'] as const),
      forMs,
    }),
    () => ({ atMs, do: 'restart', name }),
    () => ({ atMs, do: 'lag', ms: random.pick([20, 500, 5_000, 30_000]), forMs }),
    () => ({ atMs, do: 'alert', who, forMs, repeats: random.chance(0.5), late: random.chance(0.3) }),
  ];
  return random.pick(kinds)();
}
