import type { Pool } from 'pg';
import { createQueue } from '../../kit/time.ts';
import type { SpareFlags } from '../levers/store.ts';

const LOAD = 'SELECT text FROM rollout_flags WHERE rollout = $1 AND place = $2';
const KEEP = `INSERT INTO rollout_flags (rollout, place, text) VALUES ($1, $2, $3)
  ON CONFLICT (rollout, place) DO UPDATE SET text = excluded.text, kept_at = clock_timestamp()`;

/** Good flags in table `rollout_flags`. Nobody waits for the database: what was loaded is at hand, and what is offered is on its way. */
export function createKeptFlags(pool: Pool, rollout: string, place: string): SpareFlags {
  let loaded: string | undefined;
  let kept: string | undefined;
  let problem: string | undefined;
  const inOrder = createQueue();

  const run = (work: () => Promise<void>): Promise<void> =>
    inOrder(async () => {
      try {
        await work();
        problem = undefined;
      } catch (error) {
        problem = `the database does not keep them either: ${(error as Error).message}`;
      }
    });

  return {
    get: () => {
      if (loaded === undefined && kept === undefined) {
        void run(async () => {
          const { rows } = await pool.query<{ text: string }>(LOAD, [rollout, place]);
          loaded = rows[0]?.text;
        });
      }
      return kept ?? loaded;
    },
    offer: (text) => {
      if (text !== kept) {
        void run(async () => {
          await pool.query(KEEP, [rollout, place, text]);
          kept = text;
        });
      }
      return problem;
    },
  };
}
