import type { SignalSource } from '../../../src/controller/engine/ports.ts';
import type { Percent } from '../../../src/kit/percent.ts';
import type { PathCounters, ReplicaReading, SourceReading } from '../../../src/rollout/reading.ts';
import type { ProcessClock, WorldClock } from './clock.ts';

/**
 * `silent`: does not answer. `deaf`: keeps the percent that it serves. `vanished`: serves, and no name service knows it. `lost`: both.
 * `gone`: its process is not there. `lying`: says that it serves something else.
 */
export type ReplicaFault = 'none' | 'silent' | 'deaf' | 'vanished' | 'lost' | 'gone' | 'lying';
export type Failing = 'errors' | 'slow' | undefined;

type Counts = { ok: number; error: number; slow: number };
type Replica = {
  name: string;
  startedAtMs: number;
  fault: ReplicaFault;
  faultSinceMs: number;
  served: Percent;
  domain: Counts;
  legacy: Counts;
  mismatches: number;
};

const REQUESTS_A_SECOND = 40;
const LAG_MS = 50;
const NONE = (): Counts => ({ ok: 0, error: 0, slow: 0 });
const NO_DURATIONS: PathCounters['duration'] = { count: 0, sumSeconds: 0, atMost: new Map() };
const isOne = (fault: ReplicaFault, ...of: readonly ReplicaFault[]) => of.includes(fault);

type ReplicasParts = {
  readonly clock: WorldClock;
  readonly many: number;
  readonly wallStartMs: number;
  /** What the flag says now. */
  readonly flag: () => Percent;
  /** Durations are counted, for guards that ask for them. */
  readonly withDurations: boolean;
};

/** Replicas under a steady load: what they count follows from what they serve, and from what is wrong with domain. */
export function createReplicas({ clock, many, wallStartMs, flag, withDurations }: ReplicasParts) {
  let named = many;
  const begin = (name: string): Replica => ({
    name,
    startedAtMs: clock.now(),
    fault: 'none',
    faultSinceMs: 0,
    served: flag(),
    domain: NONE(),
    legacy: NONE(),
    mismatches: 0,
  });
  const replicas = Array.from({ length: many }, (_, at) => begin(`r${at}:1`));
  let countedAtMs = 0;
  let failing: Failing;
  let isBusy = true;
  let lagMs = LAG_MS;

  /** All that happened since it was counted last. */
  function count(): void {
    const seconds = (clock.now() - countedAtMs) / 1_000;
    countedAtMs = clock.now();
    for (const each of seconds > 0 ? replicas : []) {
      const requests = isBusy && each.fault !== 'gone' ? (seconds * REQUESTS_A_SECOND) / replicas.length : 0;
      const ours = (requests * each.served) / 100;
      each.legacy.ok += requests - ours;
      each.domain[failing === 'errors' ? 'error' : 'ok'] += ours;
      each.domain.slow += failing === 'slow' ? ours : 0;
    }
  }

  function countersOf({ ok, error, slow }: Counts): PathCounters {
    const all = Math.floor(ok) + Math.floor(error);
    const quick = all - Math.floor(slow);
    return {
      ok: Math.floor(ok),
      rejected: 0,
      error: Math.floor(error),
      duration: withDurations
        ? {
            count: all,
            sumSeconds: quick * 0.01 + Math.floor(slow) * 0.5,
            atMost: new Map([
              [0.2, quick],
              [Number.POSITIVE_INFINITY, all],
            ]),
          }
        : NO_DURATIONS,
    };
  }

  const readingOf = (each: Replica): ReplicaReading => ({
    replica: each.name,
    atMs: wallStartMs + clock.now(),
    startedAtMs: wallStartMs + each.startedAtMs,
    legacy: countersOf(each.legacy),
    domain: countersOf(each.domain),
    servedPercent: each.fault === 'lying' ? (each.served + 7) % 100 : each.served,
    breakerOpen: false,
    mismatches: withDurations ? each.mismatches : 0,
    fallbacks: Math.floor(each.domain.error),
    cpuSeconds: undefined,
    residentBytes: undefined,
  });

  function look(): SourceReading {
    count();
    const asked = replicas.filter(({ fault }) => !isOne(fault, 'vanished', 'lost', 'gone'));
    const answering = asked.filter(({ fault }) => fault !== 'silent');
    const missing = asked
      .filter(({ fault }) => fault === 'silent')
      .map(({ name }) => ({ replica: name, why: 'timeout' as const, detail: 'no answer within 800 ms' }));
    return answering.length === 0
      ? { kind: 'failed', why: 'unreachable', detail: 'nobody answers' }
      : { kind: 'read', replicas: answering.map(readingOf), missing };
  }

  return {
    /** The flag says something else now: it is with each replica after its lag, unless that one is deaf. */
    notify: (): void => {
      clock.after(lagMs, () => {
        count();
        for (const each of replicas) {
          each.served = isOne(each.fault, 'deaf', 'lost', 'gone') ? each.served : flag();
        }
      });
    },
    breakDomain: (how: Failing): void => {
      count();
      failing = how;
    },
    failing: () => failing,
    busy: (is: boolean): void => {
      count();
      isBusy = is;
    },
    lag: (ms = LAG_MS): void => {
      lagMs = ms;
    },
    set: (at: number, fault: ReplicaFault): void => {
      count();
      const replica = replicas[at % many] as Replica;
      replica.served = fault === 'none' ? flag() : replica.served;
      Object.assign(replica, { fault, faultSinceMs: clock.now() });
    },
    /** Its process ends and begins again: it counts from nothing. */
    restart: (at: number): void => {
      count();
      const { name, fault, faultSinceMs } = replicas[at % many] as Replica;
      replicas[at % many] = { ...begin(name), fault, faultSinceMs };
    },
    /** Another one takes its place, under a name of its own. */
    replace: (at: number): void => {
      count();
      replicas[at % many] = begin(`r${named++}:1`);
    },
    /** One write by the domain path that is not what the rule makes of it. @returns whether there was one. */
    mismatch: (at: number): boolean => {
      const replica = replicas[at % many] as Replica;
      const isThere = withDurations && replica.served > 0 && replica.fault !== 'gone';
      replica.mismatches += isThere ? 1 : 0;
      return isThere;
    },
    /** The most that one serves which a controller can know of: for a minute also one that no name service knows. */
    mostServed: (): Percent =>
      Math.max(
        0,
        ...replicas
          .filter(
            ({ fault, faultSinceMs }) =>
              !isOne(fault, 'gone', 'lying') &&
              !(isOne(fault, 'vanished', 'lost') && clock.now() - faultSinceMs > 55_000),
          )
          .map(({ served }) => served),
      ),
    /** Whether each of them serves this, as far as it can be asked. */
    serves: (percent: Percent): boolean =>
      replicas.every(
        ({ fault, served }) => isOne(fault, 'vanished', 'lost', 'gone', 'silent', 'lying') || served === percent,
      ),
    seenBy: (own: ProcessClock): SignalSource => ({
      name: 'scrape',
      read: async (signal) => {
        await own.sleep(replicas.some(({ fault }) => fault === 'silent') ? 800 : 3, signal);
        return signal.aborted ? { kind: 'failed', why: 'timeout', detail: 'the reading was ended' } : look();
      },
      close: async () => {},
    }),
  };
}

export type Replicas = ReturnType<typeof createReplicas>;
