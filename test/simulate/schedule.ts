import { type Action, actionAt } from './actions.ts';
import { createRandom, type Random } from './world/random.ts';

export type Schedule = {
  readonly seed: number;
  readonly tickMs: number;
  readonly lastsMs: number;
  readonly replicas: number;
  /** A lease in the plan. */
  readonly lease: boolean;
  /** Guards on durations and on mismatches as well, and a second flag in the same place. */
  readonly isRich: boolean;
  /** How often somebody looks, begins anew what is down, and approves what waits. */
  readonly personEveryMs: number;
  readonly actions: readonly Action[];
};

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Minutes in which much happens, hours, and days in which little does: with the intervals that people would choose for each. */
const SHAPES = [
  { share: 0.4, tickMs: SECOND / 2, lastsMs: 8 * MINUTE, most: 16, replicas: 3, rich: 0.5 },
  { share: 0.2, tickMs: 5 * SECOND, lastsMs: 2 * HOUR, most: 24, replicas: 3, rich: 0.3 },
  { share: 0.4, tickMs: MINUTE, lastsMs: 96 * HOUR, most: 40, replicas: 2, rich: 0 },
] as const;

/** What happens in the world of a seed. */
export function scheduleOf(seed: number): Schedule {
  const random = createRandom(seed);
  const { tickMs, lastsMs, most, replicas, rich } = shapeOf(random.next());
  const actions = Array.from({ length: random.between(2, most) }, () =>
    actionAt(random, random.between(tickMs * 4, lastsMs), tickMs),
  );
  const world = {
    seed,
    tickMs,
    lastsMs,
    replicas,
    lease: random.chance(0.25),
    isRich: random.chance(rich),
    personEveryMs: tickMs * random.pick([8, 20, 60]),
  };
  const all = tickMs < MINUTE && random.chance(0.5) ? [...actions, ...lossAt(random, lastsMs)] : actions;
  return { ...world, actions: all.toSorted((a, b) => a.atMs - b.atMs) };
}

/** A replica goes on serving what it serves, and no name service knows it, in the moment of a rollback. */
function lossAt(random: Random, lastsMs: number): readonly Action[] {
  const atMs = random.between(MINUTE, lastsMs / 2);
  const on = { moment: 'lower', afterMs: random.between(0, 5) } as const;
  return [
    { atMs, on, do: 'replica', at: random.between(0, 2), fault: 'lost', forMs: random.between(5, 40) * SECOND },
    { atMs: atMs + MINUTE, do: 'break', how: 'errors', forMs: MINUTE },
  ];
}

function shapeOf(at: number): (typeof SHAPES)[number] {
  let upTo = 0;
  return SHAPES.find(({ share }) => {
    upTo += share;
    return at < upTo;
  }) as (typeof SHAPES)[number];
}
