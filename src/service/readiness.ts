import type { Pool } from 'pg';
import { createShared } from '../kit/time.ts';

/** Whether the database answers now and has its tables. Probes that come while one is under way share its answer. */
export function createReadiness(control: Pool): () => Promise<boolean> {
  return createShared(() =>
    control
      // Takes no lock on the table, which a migration under way would hold up.
      .query<{ migrated: boolean }>("SELECT to_regclass('violation_status_history') IS NOT NULL AS migrated")
      .then(
        ({ rows }) => rows[0]?.migrated === true,
        () => false,
      ),
  );
}
