import { TICK_MS } from './cases.ts';

export const WINDOW_MS = 60_000;

/** The last minute's trials, for the plain limit that Sluice's test is compared with. */
export type Window = {
  readonly trials: () => number;
  readonly bad: () => number;
  readonly add: (trials: number, bad: number) => void;
  readonly copy: () => Window;
};

export function createWindow(from?: { ring: Int32Array; at: number; trials: number; bad: number }): Window {
  const slots = WINDOW_MS / TICK_MS;
  const ring = from?.ring.slice() ?? new Int32Array(2 * slots);
  let { at, trials, bad } = from ?? { at: 0, trials: 0, bad: 0 };
  return {
    trials: () => trials,
    bad: () => bad,
    add: (newTrials, newBad) => {
      trials += newTrials - (ring[at] as number);
      bad += newBad - (ring[at + slots] as number);
      ring[at] = newTrials;
      ring[at + slots] = newBad;
      at = at + 1 === slots ? 0 : at + 1;
    },
    copy: () => createWindow({ ring, at, trials, bad }),
  };
}
