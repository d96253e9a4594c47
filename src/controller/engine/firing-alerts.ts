import type { AlertChange, AlertStore, FiringAlert } from './ports.ts';

const MOST_REMEMBERED = 1_000;

export type FiringAlerts = ReturnType<typeof createFiringAlerts>;

/**
 * Which alerts fire: state, not events. One that is sent again changes nothing, `resolved` ends it, and what another controller
 * received is known here with the next look at the journal.
 */
export function createFiringAlerts() {
  const firing = new Map<string, FiringAlert>();
  /** Which firing of an alert was resolved: a late repeat of it is no new one. */
  const resolved = new Map<string, number>();
  /** Received here and not in the journal yet, in their order. */
  let waiting: AlertChange[] = [];

  const isResolved = ({ fingerprint, startsAtMs }: FiringAlert): boolean =>
    startsAtMs <= (resolved.get(fingerprint) ?? Number.NEGATIVE_INFINITY);

  function fire(alert: FiringAlert): boolean {
    if (isResolved(alert) || firing.get(alert.fingerprint)?.startsAtMs === alert.startsAtMs) {
      return false;
    }
    firing.set(alert.fingerprint, alert);
    return true;
  }

  function resolve({ fingerprint, startsAtMs }: FiringAlert): boolean {
    const isNewer = (firing.get(fingerprint)?.startsAtMs ?? startsAtMs) > startsAtMs;
    resolved.set(fingerprint, Math.max(startsAtMs, resolved.get(fingerprint) ?? startsAtMs));
    forgetOldest(resolved);
    return !isNewer && firing.delete(fingerprint);
  }

  return {
    now: (): readonly FiringAlert[] => Array.from(firing.values()),
    /** @returns whether it was news. */
    take: (change: AlertChange): boolean => {
      const isFresh = !isResolved(change.alert);
      const isNews = change.status === 'firing' ? fire(change.alert) : resolve(change.alert);
      // Resolved here, it may fire elsewhere: the journal has to know.
      if (isNews || (isFresh && change.status === 'resolved')) {
        waiting = [...waiting, change].slice(-MOST_REMEMBERED);
      }
      return isNews;
    },
    /** What the journal has, by whoever received it; what waits for the journal here is newer. */
    join: (stored: readonly AlertChange[]): void => {
      const ours = new Set(waiting.map(({ alert }) => alert.fingerprint));
      const byOthers = stored.filter(({ alert }) => !ours.has(alert.fingerprint));
      for (const { alert } of byOthers.filter(({ status }) => status === 'resolved')) {
        resolve(alert);
      }
      const fires = byOthers.filter(({ status }) => status === 'firing').map(({ alert }) => alert);
      const theirs = new Set(fires.map(({ fingerprint }) => fingerprint));
      for (const fingerprint of firing.keys()) {
        if (!theirs.has(fingerprint) && !ours.has(fingerprint)) {
          firing.delete(fingerprint);
        }
      }
      for (const alert of fires) {
        fire(alert);
      }
    },
    /** Whether something was received that the journal does not have. */
    isWaiting: (): boolean => waiting.length > 0,
    /** @throws where the journal is away; what waits then waits on. */
    persist: async (store: Pick<AlertStore, 'keepAlerts'>): Promise<void> => {
      const batch = waiting;
      await store.keepAlerts(batch);
      waiting = waiting.filter((change) => !batch.includes(change));
    },
  };
}

function forgetOldest(map: Map<string, number>): void {
  for (const key of map.size > MOST_REMEMBERED ? [...map.keys()].slice(0, map.size - MOST_REMEMBERED) : []) {
    map.delete(key);
  }
}
