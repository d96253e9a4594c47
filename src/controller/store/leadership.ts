import pg from 'pg';
import type { Clock } from '../../kit/time.ts';
import type { Leadership } from '../engine/ports.ts';

const TRY_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 2_000;
/** A leader whose machine is gone says no goodbye: the server finds out this soon, and frees its lock. */
const KEEPALIVE = '-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3';

type LeadershipParts = {
  readonly url: string;
  readonly rollout: string;
  readonly clock: Pick<Clock, 'sleep' | 'monotonic'>;
  readonly onChange: (leading: boolean) => void;
};

/** The session of PostgreSQL that holds the advisory lock of the rollout is the leader's. */
export function createLeadership({ url, rollout, clock, onChange }: LeadershipParts): Leadership {
  const stop = new AbortController();
  let leading = false;
  let sinceMs = 0;
  const onLeading = (now: boolean) => {
    if (now !== leading) {
      leading = now;
      sinceMs = now ? clock.monotonic() : sinceMs;
      onChange(now);
    }
  };
  const done = (async () => {
    while (!stop.signal.aborted) {
      await holdSession({ url, rollout, clock }, onLeading, stop.signal);
      onLeading(false);
      await clock.sleep(TRY_EVERY_MS, stop.signal);
    }
  })();
  return {
    leading: () => leading,
    sinceMs: () => sinceMs,
    close: async () => {
      stop.abort();
      await done;
    },
  };
}

/** Tries for the lock, then watches that the session lives; returns once it does not, or at the end. */
async function holdSession(
  { url, rollout, clock }: Omit<LeadershipParts, 'onChange'>,
  onLeading: (leading: boolean) => void,
  stop: AbortSignal,
): Promise<void> {
  let client: pg.Client | undefined;
  try {
    // It reads the certificates that the URL names: they may be gone for a moment while they are renewed.
    client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: ANSWER_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
      keepAlive: true,
      options: KEEPALIVE,
    });
    client.on('error', () => onLeading(false));
    await client.connect();
    let held = false;
    while (!stop.aborted) {
      if (held) {
        await client.query('SELECT 1');
      } else {
        const { rows } = await client.query<{ held: boolean }>(
          "SELECT pg_try_advisory_lock(hashtextextended('sluice/' || $1, 0)) AS held",
          [rollout],
        );
        held = rows[0]?.held ?? false;
      }
      onLeading(held);
      await clock.sleep(TRY_EVERY_MS, stop);
    }
  } catch {
    // Away: whoever is asked whether this controller leads hears no, and it is tried again.
  } finally {
    await client?.end().catch(() => {});
  }
}
