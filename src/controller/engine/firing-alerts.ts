import type { AlertChange, AlertStore, FiringAlert } from './ports.ts';

const MOST_REMEMBERED = 1_000;

export type FiringAlerts = ReturnType<typeof createFiringAlerts>;

/**
 * Which alerts fire: state, not events. One that is sent again changes nothing, `resolved` ends it, and what another controller
 * received is known here with the next look at the journal.
 */
export function createFiringAlerts() {
  const firings = createFirings();
  /** Received here and not in the journal yet, in their order. */
  let waiting: AlertChange[] = [];
  return {
    now: firings.now,
    /** @returns whether it was news. */
    take: (change: AlertChange): boolean => {
      const isFresh = !firings.isResolved(change.alert);
      const isNews = change.status === 'firing' ? firings.fire(change.alert) : firings.resolve(change.alert);
      // Resolved here, it may fire elsewhere: the journal has to know.
      if (isNews || (isFresh && change.status === 'resolved')) {
        waiting = [...waiting, change].slice(-MOST_REMEMBERED);
      }
      return isNews;
    },
    /** What the journal has, by whoever received it; what waits for the journal here is newer. */
    join: (stored: readonly AlertChange[]): void => {
      const ours = new Set(waiting.map(({ alert }) => alert.fingerprint));
      firings.replace(
        stored.filter(({ alert }) => !ours.has(alert.fingerprint)),
        ours,
      );
    },
    /** Whether something was received that the journal does not have. */
    isWaiting: (): boolean => waiting.length > 0,
    /** The oldest change that waits is kept. @throws where the journal is away; what waits then waits on. */
    persist: async (store: Pick<AlertStore, 'keepAlerts'>): Promise<true> => {
      const oldest = waiting.slice(0, 1);
      await store.keepAlerts(oldest);
      waiting = waiting.filter((change) => !oldest.includes(change));
      return true;
    },
  };
}

function createFirings() {
  const firing = new Map<string, FiringAlert>();
  /** Which firing of an alert was resolved: a late repeat of it is no new one. */
  const resolved = new Map<string, number>();

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
    isResolved,
    fire,
    resolve,
    now: (): readonly FiringAlert[] => Array.from(firing.values()),
    /** By what others have; those in `kept` stay as they are. */
    replace: (stored: readonly AlertChange[], kept: ReadonlySet<string>): void => {
      for (const { alert } of stored.filter(({ status }) => status === 'resolved')) {
        resolve(alert);
      }
      const fires = stored.filter(({ status }) => status === 'firing').map(({ alert }) => alert);
      const theirs = new Set(fires.map(({ fingerprint }) => fingerprint));
      for (const fingerprint of firing.keys()) {
        if (!theirs.has(fingerprint) && !kept.has(fingerprint)) {
          firing.delete(fingerprint);
        }
      }
      for (const alert of fires) {
        fire(alert);
      }
    },
  };
}

function forgetOldest(map: Map<string, number>): void {
  for (const key of map.size > MOST_REMEMBERED ? [...map.keys()].slice(0, map.size - MOST_REMEMBERED) : []) {
    map.delete(key);
  }
}
