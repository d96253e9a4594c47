import type { Load } from './bounds.ts';

/** The shapes of load, as k6 scenarios. Each is bounded in time, and in number by its rate or its turns. */

const GRACE = '10s';
/** A sudden rise is to this many times the calm rate. */
export const SPIKE_FACTOR = 10;
const MOST_CLIENTS = 400;

/** A constant rate, which does not fall when the service slows down: what has no client in time is dropped. */
export const steady = (exec: string, { ratePerSecond, seconds }: Load) => ({
  executor: 'constant-arrival-rate',
  exec,
  rate: ratePerSecond,
  timeUnit: '1s',
  duration: `${seconds}s`,
  ...clientsFor(ratePerSecond),
  gracefulStop: GRACE,
});

/** Calm, at once ten times that, calm again; each for a third of the time. */
export function spike(exec: string, { ratePerSecond, seconds }: Load) {
  const third = `${Math.round((seconds * 1_000) / 3)}ms`;
  const high = ratePerSecond * SPIKE_FACTOR;
  return {
    executor: 'ramping-arrival-rate',
    exec,
    startRate: ratePerSecond,
    timeUnit: '1s',
    stages: [
      { target: ratePerSecond, duration: third },
      { target: high, duration: '0s' },
      { target: high, duration: third },
      { target: ratePerSecond, duration: '0s' },
      { target: ratePerSecond, duration: third },
    ],
    ...clientsFor(high),
    gracefulStop: GRACE,
  };
}

/** Clients that each take their turns one after the other. */
export const turns = (
  exec: string,
  parts: { readonly clients: number; readonly turnsEach: number; readonly seconds: number },
) => ({
  executor: 'per-vu-iterations',
  exec,
  vus: parts.clients,
  iterations: parts.turnsEach,
  maxDuration: `${parts.seconds}s`,
  gracefulStop: GRACE,
});

/** One virtual user that sends everything itself, and so knows of everything; it ends when it is done. */
export const once = (exec: string, seconds: number) => turns(exec, { clients: 1, turnsEach: 1, seconds });

const clientsFor = (ratePerSecond: number) => ({
  preAllocatedVUs: Math.min(10 + ratePerSecond, 100),
  maxVUs: Math.min(10 + ratePerSecond * 2, MOST_CLIENTS),
});
