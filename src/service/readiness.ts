import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { reasonOf } from '../kit/postgres/client.ts';
import { createShared } from '../kit/time.ts';

/**
 * Whether the database answers now and has its tables. Probes that come while one is under way share its answer. Why not is logged
 * once for each reason, not at each probe.
 */
export function createReadiness(
  control: Pick<Pool, 'query'>,
  log: Pick<Logger, 'warn' | 'info'>,
): () => Promise<boolean> {
  let logged: string | undefined;
  return createShared(async () => {
    const why = await whyNot(control);
    if (why !== undefined && why !== logged) {
      log.warn({ why }, 'not ready');
    } else if (why === undefined && logged !== undefined) {
      log.info('ready again');
    }
    logged = why;
    return why === undefined;
  });
}

async function whyNot(control: Pick<Pool, 'query'>): Promise<string | undefined> {
  try {
    // Takes no lock on the table, which a migration under way would hold up.
    const { rows } = await control.query<{ migrated: boolean }>(
      "SELECT to_regclass('violation_status_history') IS NOT NULL AS migrated",
    );
    return rows[0]?.migrated === true
      ? undefined
      : 'the database of DATABASE_URL has no table violation_status_history: run npm run migrate on it';
  } catch (error) {
    return `the database of DATABASE_URL: ${reasonOf(error)}`;
  }
}
