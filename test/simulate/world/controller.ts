import { createEngine, type Engine } from '../../../src/controller/engine/engine.ts';
import { createTextLever } from '../../../src/controller/levers/text-lever.ts';
import { remembering } from '../../../src/controller/signals/remembering.ts';
import type { JournalEvent } from '../../../src/rollout/event.ts';
import type { Plan } from '../../../src/rollout/plan.ts';
import type { Name } from '../actions.ts';
import type { ProcessClock, WorldClock } from './clock.ts';
import { FLAG, type SimulatedStore } from './flag-store.ts';
import type { SimulatedDatabase } from './journal.ts';
import type { Replicas } from './replicas.ts';

const SILENT = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} } as never;
const NO_METRICS = { countRollback: () => {}, observeRollback: () => {}, countUnauthorized: () => {} } as never;
const NO_MEASURING = {
  take: () => {},
  keep: async () => {},
  close: async () => {},
  total: () => undefined,
} as never;
const HOLD_AFTER_MS = 600_000;
/** What the platform gives a process to end. */
const STOP_WITHIN_MS = 15_000;

export type ControllerParts = {
  readonly clock: WorldClock;
  readonly plan: Plan;
  readonly tickMs: number;
  readonly store: SimulatedStore;
  readonly database: SimulatedDatabase;
  readonly replicas: Replicas;
  readonly onEvent: (by: Name, event: JournalEvent) => void;
  readonly onError: (error: unknown) => void;
  readonly onEnded: (by: Name) => void;
};

/** The real engine with its real lever, in a process of its own that can be frozen and killed at any moment. */
export function startSimulatedController(parts: ControllerParts, name: Name) {
  const { plan, store, database, replicas, tickMs } = parts;
  const clock: ProcessClock = parts.clock.process();
  let isAlive = true;
  let leadsSinceMs = 0;
  let leads = false;
  const tryToLead = (): void => {
    const now = database.tryToLead(name);
    leadsSinceMs = now && !leads ? clock.monotonic() : leadsSinceMs;
    leads = now;
  };
  const scrape = remembering(replicas.seenBy(clock), clock);
  const engine: Engine = createEngine({
    plan,
    sources: [scrape],
    witness: scrape,
    lever: createTextLever({ name: 'file', where: 'flags', flag: FLAG, store: store.seenBy(clock, name), clock }),
    journal: database.seenBy(clock, name),
    mismatches: { since: async () => ({ records: 0, first: [] }), count: async () => ({ domain: 0, others: 0 }) },
    leadership: { leading: () => leads, sinceMs: () => leadsSinceMs, close: async () => {} },
    clock,
    log: { ...(SILENT as object), error: (_: unknown, text: string) => parts.onError(text) } as never,
    tickMs,
    metrics: NO_METRICS,
    measuring: NO_MEASURING,
    holdAfterMs: HOLD_AFTER_MS,
  });
  engine.listen((event) => {
    if (isAlive) {
      parts.onEvent(name, event);
    }
  });
  void (async () => {
    while (isAlive) {
      tryToLead();
      await clock.sleep(Math.max(1_000, tickMs));
    }
  })();
  engine.start();

  function kill(): void {
    if (isAlive) {
      isAlive = false;
      clock.end();
      database.release(name);
      parts.onEnded(name);
    }
  }

  return {
    name,
    clock,
    engine,
    leads: () => leads && isAlive,
    isAlive: () => isAlive,
    kill,
    /** As at SIGTERM: what is under way is ended, and what waits is written. */
    stop: (): void => {
      void clock.within(STOP_WITHIN_MS, () => engine.stop()).then(kill, kill);
    },
  };
}

export type SimulatedController = ReturnType<typeof startSimulatedController>;
