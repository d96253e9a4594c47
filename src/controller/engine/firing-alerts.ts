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

  function fire(alert: FiringAlert): boolean {
    const isOld = alert.startsAtMs <= (resolved.get(alert.fingerprint) ?? Number.NEGATIVE_INFINITY);
    const isKnown = firing.get(alert.fingerprint)?.startsAtMs === alert.startsAtMs;
    if (isOld || isKnown) {
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
      const isNews = change.status === 'firing' ? fire(change.alert) : resolve(change.alert);
      if (isNews) {
        waiting = [...waiting, change].slice(-MOST_REMEMBERED);
      }
      return isNews;
    },
    /** What the journal has, by whoever received it; what waits for the journal here is newer. */
    join: (stored: readonly FiringAlert[]): void => {
      const ours = new Set(waiting.map(({ alert }) => alert.fingerprint));
      const theirs = new Set(stored.map(({ fingerprint }) => fingerprint));
      for (const fingerprint of firing.keys()) {
        if (!theirs.has(fingerprint) && !ours.has(fingerprint)) {
          firing.delete(fingerprint);
        }
      }
      for (const alert of stored) {
        if (!ours.has(alert.fingerprint)) {
          fire(alert);
        }
      }
    },
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
