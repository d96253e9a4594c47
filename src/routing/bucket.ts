import { hash } from 'node:crypto';

const BUCKETS = 10_000;
/** In hexadecimal digits. */
const FIRST_48_BITS = 12;

/**
 * The bucket of a key in a rollout: a whole number of hundredths of a percent, 0–9999 for 0.00–99.99 %.
 *
 * It depends on nothing but the two names, so a key keeps its bucket across replicas, restarts and releases, and whoever
 * is in at 10 % stays in at 25 %. The first 48 bits of SHA-256 make it even to better than one part in 10^10.
 */
export function bucketHundredths(rollout: string, key: string): number {
  return Number.parseInt(hash('sha256', `${rollout}:${key}`).slice(0, FIRST_48_BITS), 16) % BUCKETS;
}
