const MOST_PER_SECOND = 1_000;
const MOST_REQUESTS = 300_000;

export type Load = { readonly ratePerSecond: number; readonly seconds: number };

/** @throws unless the load is bounded in rate, time and number. */
export function readLoad(rate: string, duration: string): Load {
  const ratePerSecond = Number(rate);
  if (!Number.isInteger(ratePerSecond) || ratePerSecond < 1 || ratePerSecond > MOST_PER_SECOND) {
    throw new Error(`RATE came as ${rate}; allowed: a whole number of requests a second from 1 to ${MOST_PER_SECOND}.`);
  }
  const [, amount, unit] = /^(\d+)(s|m)$/.exec(duration) ?? [];
  const seconds = Number(amount) * (unit === 'm' ? 60 : 1);
  if (!(seconds >= 1)) {
    throw new Error(`DURATION came as ${duration}; allowed: whole seconds or minutes, such as 30s.`);
  }
  if (ratePerSecond * seconds > MOST_REQUESTS) {
    throw new Error(`RATE × DURATION is ${ratePerSecond * seconds} requests; allowed: up to ${MOST_REQUESTS}.`);
  }
  return { ratePerSecond, seconds };
}
