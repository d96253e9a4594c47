import { TICK_MS } from './cases.ts';
import { beginJudging, hasBreached, type Judged, judge } from './judge.ts';
import { createWindow, WINDOW_MS, type Window } from './window.ts';

/** Who looks at the same trials: Sluice, and a plain limit on the last minute with no, and with 200, samples asked for. */
export const WATCHERS = ['sluice', 'window', 'window200'] as const;
export type Watcher = (typeof WATCHERS)[number];
const MIN_SAMPLES = { sluice: 0, window: 1, window200: 200 } as const satisfies Record<Watcher, number>;

/** When a watcher first saw a breach, and how many requests there had been until then. */
export type Seen = { readonly tick: number; readonly requests: number };
export type Sightings = Partial<Record<Watcher, Seen>>;

export type Watch = {
  readonly look: (trials: number, bad: number) => void;
  readonly ticks: () => number;
  readonly requests: () => number;
  readonly sightings: () => Sightings;
  readonly didAllSee: (watchers: readonly Watcher[]) => boolean;
  readonly copy: () => Watch;
};

/** Without those whose minimum is more than twice what a minute brings: they never see anything, and need no waiting for. */
export const watchersAt = (perSecond: number) =>
  WATCHERS.filter((watcher) => MIN_SAMPLES[watcher] <= (2 * perSecond * WINDOW_MS) / 1_000);

type Past = { judged: Judged; window: Window; sightings: Sightings; ticks: number; requests: number };

export function createWatch(limitShare: number, past?: Past): Watch {
  const sightings = { ...past?.sightings };
  const window = past?.window.copy() ?? createWindow();
  let { judged, ticks, requests } = past ?? { judged: beginJudging(limitShare), ticks: 0, requests: 0 };
  const exceeds = (minSamples: number) => window.trials() >= minSamples && window.bad() > limitShare * window.trials();
  return {
    look: (trials, bad) => {
      ticks += 1;
      requests += trials;
      // Each stops at its first breach: a path that is rolled back has no second one.
      if (sightings.sluice === undefined && trials > 0) {
        judged = judge(judged, trials, bad, ticks * TICK_MS);
        if (hasBreached(judged)) {
          sightings.sluice = { tick: ticks, requests };
        }
      }
      if (sightings.window === undefined || sightings.window200 === undefined) {
        window.add(trials, bad);
        if (sightings.window === undefined && exceeds(MIN_SAMPLES.window)) {
          sightings.window = { tick: ticks, requests };
        }
        if (sightings.window200 === undefined && exceeds(MIN_SAMPLES.window200)) {
          sightings.window200 = { tick: ticks, requests };
        }
      }
    },
    ticks: () => ticks,
    requests: () => requests,
    sightings: () => ({ ...sightings }),
    didAllSee: (watchers) => watchers.every((watcher) => sightings[watcher] !== undefined),
    copy: () => createWatch(limitShare, { judged, window, sightings, ticks, requests }),
  };
}
