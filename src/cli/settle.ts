import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusAnswer } from '../control/api-schemas.ts';
import type { Client } from './client.ts';

const WAIT_MS = 5_000;
const BETWEEN_MS = 250;

/**
 * Looks until the flag and every replica have what a change wants, for 5 seconds at most. Never fails: the change is made.
 * @returns the last status that was seen.
 */
export async function settled(client: Pick<Client, 'status'>, changed: StatusAnswer): Promise<StatusAnswer> {
  const deadlineMs = performance.now() + WAIT_MS;
  let seen = changed;
  while (!isServed(seen, changed.wanted) && performance.now() < deadlineMs) {
    await sleep(BETWEEN_MS);
    try {
      seen = await client.status();
    } catch {
      break;
    }
  }
  return seen;
}

export function isServed({ configured, served }: StatusAnswer, percent: number): boolean {
  return configured.percent === percent && served.length > 0 && served.every((each) => each.percent === percent);
}
