import { hostname, userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { parseDurationMs } from '../rollout/units.ts';

const SHORTEST_INTERVAL_MS = 100;
const LONGEST_INTERVAL_MS = 3_600_000;
const LONGEST_ACTOR = 100;
const LONGEST_REASON = 500;

const wholeNumber = (least: number, most: number) => (text: string) => {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) {
    throw new InvalidArgumentError(`Allowed: a whole number from ${least} to ${most}.`);
  }
  return number;
};

export const readPercent = (text: string) => wholeNumber(0, 100)(text.replace(/\s*%$/, ''));
export const readLimit = wholeNumber(1, 1_000);

/** @returns milliseconds */
export function readInterval(text: string): number {
  const ms = parseDurationMs(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text);
  if (ms === undefined || ms < SHORTEST_INTERVAL_MS || ms > LONGEST_INTERVAL_MS) {
    throw new InvalidArgumentError('Allowed: a duration from 100ms to 1h, such as 2s.');
  }
  return ms;
}

export function readReason(text: string): string {
  if (text.length > LONGEST_REASON) {
    throw new InvalidArgumentError(`Allowed: up to ${LONGEST_REASON} characters; got ${text.length}.`);
  }
  return text;
}

export function readActor(text: string): string {
  if (text === '' || text.length > LONGEST_ACTOR) {
    throw new InvalidArgumentError(`Allowed: 1 to ${LONGEST_ACTOR} characters; got ${text.length}.`);
  }
  return text;
}

/** Who asks, where nobody says: `alice@laptop`. */
export function defaultActor(env: NodeJS.ProcessEnv): string {
  return `${env.USER || env.LOGNAME || env.USERNAME || systemUser()}@${hostname()}`.slice(0, LONGEST_ACTOR);
}

/** A container may run as a user that has no name. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'someone';
  }
}

/** The id of a check or a repair. */
export function readId(given: string): string {
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(given)) {
    throw new InvalidArgumentError('Allowed: an id such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff.');
  }
  return given.toLowerCase();
}
