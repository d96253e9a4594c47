import type { SignalSource } from '../../../src/controller/engine/ports.ts';
import type { Percent } from '../../../src/kit/percent.ts';
import type { PathCounters, ReplicaReading } from '../../../src/rollout/reading.ts';
import type { ProcessClock, WorldClock } from './clock.ts';

export type ReplicaFault = 'none' | 'silent' | 'deaf' | 'vanished' | 'gone';

type Counts = { ok: number; error: number; slow: number };
type Replica = {
  readonly name: string;
  startedAtMs: number;
  fault: ReplicaFault;
  served: Percent;
  domain: Counts;
  legacy: Counts;
};

const REQUESTS_A_SECOND = 40;
const NONE = (): Counts => ({ ok: 0, error: 0, slow: 0 });

/** Replicas under a steady load: what they count follows from what they serve, and from what is wrong with domain. */
export function createReplicas(clock: WorldClock, names: readonly string[], wallStartMs: number) {
  const replicas = names.map(
    (name): Replica => ({ name, startedAtMs: 0, fault: 'none', served: 0, domain: NONE(), legacy: NONE() }),
  );
  let countedAtMs = 0;
  let isFailing = false;
  let isBusy = true;
  let lagMs = 50;

  /** All that happened since it was counted last. */
  function count(): void {
    const seconds = (clock.now() - countedAtMs) / 1_000;
    countedAtMs = clock.now();
    for (const each of replicas) {
      const requests = isBusy && each.fault !== 'gone' ? (seconds * REQUESTS_A_SECOND) / replicas.length : 0;
      const ours = (requests * each.served) / 100;
      each.legacy.ok += requests - ours;
      each.domain[isFailing ? 'error' : 'ok'] += ours;
    }
  }

  const countersOf = ({ ok, error, slow }: Counts): PathCounters => {
    const all = Math.floor(ok) + Math.floor(error);
    return {
      ok: Math.floor(ok),
      rejected: 0,
      error: Math.floor(error),
      duration: {
        count: all,
        sumSeconds: all * 0.01,
        atMost: new Map([
          [0.1, all - Math.floor(slow)],
          [0.2, all - Math.floor(slow)],
          [Number.POSITIVE_INFINITY, all],
        ]),
      },
    };
  };

  const readingOf = (each: Replica): ReplicaReading => ({
    replica: each.name,
    atMs: wallStartMs + clock.now(),
    startedAtMs: wallStartMs + each.startedAtMs,
    legacy: countersOf(each.legacy),
    domain: countersOf(each.domain),
    servedPercent: each.served,
    breakerOpen: false,
    mismatches: 0,
    fallbacks: Math.floor(each.domain.error),
    cpuSeconds: undefined,
    residentBytes: undefined,
  });

  const find = (name: string) => replicas.find((each) => each.name === name) as Replica;

  return {
    /** The flag says this now: it is with each replica after its lag, unless that one is deaf. */
    told: (percent: () => Percent | undefined): void => {
      clock.after(lagMs, () => {
        count();
        for (const each of replicas) {
          if (each.fault !== 'deaf' && each.fault !== 'gone') {
            each.served = percent() ?? each.served;
          }
        }
      });
    },
    breakDomain: (fails: boolean): void => {
      count();
      isFailing = fails;
    },
    fails: () => isFailing,
    busy: (is: boolean): void => {
      count();
      isBusy = is;
    },
    lag: (ms: number): void => {
      lagMs = ms;
    },
    set: (name: string, fault: ReplicaFault, percent: () => Percent | undefined): void => {
      count();
      const replica = find(name);
      const isBack = replica.fault === 'gone' || replica.fault === 'deaf';
      if (fault === 'none' && isBack) {
        replica.served = percent() ?? 0;
      }
      replica.fault = fault;
    },
    /** Its process ends and begins again: it counts from nothing. */
    restart: (name: string, percent: () => Percent | undefined): void => {
      count();
      const replica = find(name);
      Object.assign(replica, { startedAtMs: clock.now(), domain: NONE(), legacy: NONE(), served: percent() ?? 0 });
    },
    /** The most that one that lives serves. */
    mostServed: (): Percent =>
      Math.max(0, ...replicas.filter(({ fault }) => fault !== 'gone').map(({ served }) => served)),
    seenBy: (own: ProcessClock): SignalSource => ({
      name: 'scrape',
      read: async (signal) => {
        const asked = replicas.filter(({ fault }) => fault !== 'vanished' && fault !== 'gone');
        const isSlow = asked.some(({ fault }) => fault === 'silent');
        await own.sleep(isSlow ? 800 : 3, signal);
        if (signal.aborted) {
          return { kind: 'failed', why: 'timeout', detail: 'the reading was ended' };
        }
        count();
        const answering = asked.filter(({ fault }) => fault !== 'silent');
        const missing = asked
          .filter(({ fault }) => fault === 'silent')
          .map(({ name }) => ({ replica: name, why: 'timeout' as const, detail: 'no answer within 800 ms' }));
        return answering.length === 0
          ? { kind: 'failed', why: 'unreachable', detail: 'nobody answers' }
          : { kind: 'read', replicas: answering.map(readingOf), missing };
      },
      close: async () => {},
    }),
  };
}

export type Replicas = ReturnType<typeof createReplicas>;
