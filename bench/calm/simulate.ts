import { type Case, TICK_MS } from './cases.ts';
import { poissonSampler, type RandomBits, seededBits } from './random.ts';
import { createWatch, type Sightings, type Watch, type Watcher, watchersAt } from './watch.ts';

export type Outcome = {
  /** Breaches seen while the path was healthy: false ones. */
  readonly whileGood: Sightings;
  /** For each of the case's `thens`: breaches seen, counted from the change on; none for who had seen one before. */
  readonly after: readonly Sightings[];
};

/** Runs `count` lives of one case from `first` on. A run's chances follow from seed, case and number, not from who runs it. */
export function simulate(simulated: Case, seeds: readonly [number, number], first: number, count: number): Outcome[] {
  const good = createTraffic(simulated.perSecond, simulated.good.share);
  const watchers = watchersAt(simulated.perSecond);
  const thens = simulated.thens.map(({ share }) => createTraffic(simulated.perSecond, share));
  return Array.from({ length: count }, (_, at) => {
    const bits = seededBits(...seeds, first + at);
    const watch = createWatch(simulated.limitShare);
    live(watch, good, simulated.goodTicks, watchers, bits);
    const after = thens.map((then) => {
      const future = watch.copy();
      live(future, then, simulated.thenTicks, watchers, bits);
      return countedFrom(watch, future.sightings());
    });
    return { whileGood: watch.sightings(), after };
  });
}

type Traffic = { readonly good: (bits: RandomBits) => number; readonly bad: (bits: RandomBits) => number };

/** Requests arrive as a Poisson process; so the good and the bad ones are two independent Poisson processes. */
function createTraffic(perSecond: number, badShare: number): Traffic {
  const perTick = (perSecond * TICK_MS) / 1_000;
  return { good: poissonSampler(perTick * (1 - badShare)), bad: poissonSampler(perTick * badShare) };
}

function live(watch: Watch, traffic: Traffic, ticks: number, watchers: readonly Watcher[], bits: RandomBits): void {
  for (let tick = 0; tick < ticks && !watch.didAllSee(watchers); tick++) {
    const bad = traffic.bad(bits);
    watch.look(bad + traffic.good(bits), bad);
  }
}

function countedFrom(change: Watch, sightings: Sightings): Sightings {
  const before = change.sightings();
  const sinceChange = Object.entries(sightings)
    .filter(([watcher]) => !(watcher in before))
    .map(([watcher, seen]) => [
      watcher,
      { tick: seen.tick - change.ticks(), requests: seen.requests - change.requests() },
    ]);
  return Object.fromEntries(sinceChange);
}
