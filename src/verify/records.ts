import { randomBytes } from 'node:crypto';
import { bucketHundredths } from '../routing/bucket.ts';
import type { Path } from '../routing/path.ts';
import type { Target } from './target.ts';

/** VerifyRecords makes records for the checks, and takes them away with all that was written about them. */
export type VerifyRecords = {
  readonly make: (ids: readonly string[]) => Promise<void>;
  readonly remove: (ids: readonly string[]) => Promise<void>;
};

/** Above 2^53, where digits get lost if they can, and far above what a sequence reaches. */
const FIRST_ID = 9_100_000_000_000_000_000n;
const ID_BYTES = 6;
/** A hundredth of all records: in at 1 % already, or out at 99 % still, so that a stage that moves on moves none of them. */
const EDGE = 100;
const BUCKETS = 10_000;

/** @returns an id that takes `path` at every percent from 1 to 99. About one of a hundred does, so it is tried until one is found. */
export function idFor(path: Path, rollout: string): string {
  for (;;) {
    const id = String(FIRST_ID + BigInt(randomBytes(ID_BYTES).readUIntBE(0, ID_BYTES)));
    const bucket = bucketHundredths(rollout, id);
    if (path === 'domain' ? bucket < EDGE : bucket >= BUCKETS - EDGE) {
      return id;
    }
  }
}

/** The least and the most percent that any replica serves. */
export type Served = { readonly least: number; readonly most: number };

/** Whether a record's bucket leads to `path` on every replica. Where nobody says what they serve, it is unknown. */
export function takes(path: Path, rollout: string, id: string, served: Served | undefined): boolean {
  const bucket = bucketHundredths(rollout, id);
  return served !== undefined && (path === 'domain' ? bucket < served.least * 100 : bucket >= served.most * 100);
}

/** A record that somebody names for the checks instead: given back with its status, notes and handled_by, through the API. */
export function borrowRecord(target: Pick<Target, 'read' | 'update'>): VerifyRecords {
  const before = new Map<string, URLSearchParams>();
  return {
    make: async (ids) => {
      for (const id of ids) {
        const { status, text } = await target.read(id);
        if (status !== 200) {
          throw new Error(`reading ${id} was answered ${status}`);
        }
        const { status: was, notes, handled_by: handledBy } = JSON.parse(text);
        // The API writes no null; the empty text is the nearest.
        before.set(id, new URLSearchParams({ status: was, notes: notes ?? '', handled_by: handledBy ?? '' }));
      }
    },
    remove: async (ids) => {
      for (const id of ids) {
        const was = before.get(id);
        const { status } = was === undefined ? { status: 200 } : await target.update(id, was.toString());
        if (status !== 200) {
          throw new Error(`writing ${id} back was answered ${status}`);
        }
      }
    },
  };
}
