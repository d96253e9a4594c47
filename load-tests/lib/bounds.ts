const MOST_PER_SECOND = 1_000;
const MOST_SECONDS = 4 * 60 * 60;
/** Of one run. */
export const MOST_REQUESTS = 300_000;

export type Load = { readonly ratePerSecond: number; readonly seconds: number };

/** @throws unless the load is bounded in rate, time and number. `highestFactor` is how much it grows beyond its rate. */
export function readLoad(rate: string, duration: string, highestFactor = 1): Load {
  const ratePerSecond = readWhole('RATE', rate, { lowest: 1, highest: Math.floor(MOST_PER_SECOND / highestFactor) });
  const seconds = readSeconds('DURATION', duration);
  const requests = ratePerSecond * highestFactor * seconds;
  if (requests > MOST_REQUESTS) {
    throw new Error(`RATE × DURATION may come to ${requests} requests; allowed: up to ${MOST_REQUESTS}.`);
  }
  return { ratePerSecond, seconds };
}

/** @throws unless it is a whole number within the bounds, which it names. */
export function readWhole(
  name: string,
  text: string,
  bounds: { readonly lowest: number; readonly highest: number },
): number {
  const { lowest, highest } = bounds;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= lowest && value <= highest)) {
    throw new Error(`${name} is ${text}; allowed: a whole number from ${lowest} to ${highest}.`);
  }
  return value;
}

/** @throws unless it is whole seconds or minutes, up to four hours. */
export function readSeconds(name: string, text: string): number {
  const [, amount, unit] = /^(\d+)(s|m)$/.exec(text) ?? [];
  const seconds = Number(amount) * (unit === 'm' ? 60 : 1);
  if (!(seconds >= 1 && seconds <= MOST_SECONDS)) {
    throw new Error(`${name} is ${text}; allowed: whole seconds or minutes up to four hours, such as 30s.`);
  }
  return seconds;
}

/** @throws unless it is one of `allowed`, which it names. */
export function readChoice<Choice extends string>(name: string, text: string, allowed: readonly Choice[]): Choice {
  const choice = allowed.find((each) => each === text);
  if (choice === undefined) {
    throw new Error(`${name} is ${text || 'nothing'}; allowed: ${allowed.join(', ')}.`);
  }
  return choice;
}
