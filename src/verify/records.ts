import { randomBytes } from 'node:crypto';
import { bucketHundredths } from '../routing/bucket.ts';
import type { Path } from '../violations/path.ts';

/** VerifyRecords makes records for the checks, and takes them away with all that was written about them. */
export type VerifyRecords = {
  readonly make: (ids: readonly string[]) => Promise<void>;
  readonly remove: (ids: readonly string[]) => Promise<void>;
};

/** Above 2^53, where digits get lost if they can, and far above what a sequence reaches. */
const FIRST_ID = 9_100_000_000_000_000_000n;
const MOST_TRIES = 100_000;

/** @returns an id whose bucket leads to `path` at this percent; undefined where none does. */
export function idFor(path: Path, rollout: string, percent: number): string | undefined {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const id = String(FIRST_ID + BigInt(randomBytes(6).readUIntBE(0, 6)));
    if ((bucketHundredths(rollout, id) < percent * 100 ? 'domain' : 'legacy') === path) {
      return id;
    }
    if (percent === 0 || percent === 100) {
      return undefined;
    }
  }
  return undefined;
}
