import { until } from '../../../src/dev/until.ts';
import { DATABASE_POOL, type Environment } from '../system/environment.ts';

/** A replica has up to four connections more, for probes and look-ups. */
const MOST_SESSIONS = DATABASE_POOL + 4;
const QUIET_WITHIN_MS = 5_000;

type Sessions = { readonly name: string; readonly all: number; readonly busy: number; readonly state: string | null };

const SESSIONS = `
  SELECT application_name AS name, count(*)::int AS all, (count(*) FILTER (WHERE state <> 'idle'))::int AS busy,
    max(state) FILTER (WHERE state <> 'idle') AS state
  FROM pg_stat_activity WHERE application_name LIKE 'sluice-%' GROUP BY 1`;

/** What is left behind once nobody writes any more: connections in use, requests that wait for one, open transactions. */
export async function checkQuiet(environment: Environment): Promise<readonly string[]> {
  let left: readonly string[] = [];
  try {
    await until(
      'everything is idle',
      async () => {
        left = [...(await busySessions(environment)), ...(await busyPools(environment))];
        return left.length === 0;
      },
      QUIET_WITHIN_MS,
    );
  } catch {
    return left.map((what) => `${QUIET_WITHIN_MS} ms after the last write, ${what}`);
  }
  return [];
}

async function busySessions({ database }: Environment): Promise<readonly string[]> {
  const sessions = await database.query<Sessions>(SESSIONS);
  return sessions.flatMap(({ name, all, busy, state }) => [
    ...(busy > 0 ? [`${busy} sessions of ${name} are not idle (${state})`] : []),
    ...(all > MOST_SESSIONS ? [`${name} has ${all} sessions`] : []),
  ]);
}

async function busyPools({ fleet }: Environment): Promise<readonly string[]> {
  const found: string[] = [];
  for (let slot = 0; slot < fleet.slots; slot += 1) {
    const { replica, name } = fleet.current(slot);
    for (const state of ['used', 'waiting']) {
      const value = await replica.metric('sluice_database_connections', { state }).catch(() => undefined);
      if (value !== 0) {
        found.push(`${name} has ${value ?? 'an unknown number of'} connections ${state}`);
      }
    }
  }
  return found;
}
