import { createEngine, type Engine } from '../../../src/controller/engine/engine.ts';
import { createTextLever } from '../../../src/controller/levers/text-lever.ts';
import { remembering } from '../../../src/controller/signals/remembering.ts';
import type { JournalEvent } from '../../../src/rollout/event.ts';
import type { Plan } from '../../../src/rollout/plan.ts';
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

type Parts = {
  readonly world: WorldClock;
  readonly plan: Plan;
  readonly tickMs: number;
  readonly store: SimulatedStore;
  readonly database: SimulatedDatabase;
  readonly replicas: Replicas;
  readonly onEvent: (by: string, event: JournalEvent) => void;
  readonly onError: (error: unknown) => void;
};

/** The real engine with its real lever, in a process of its own that can be frozen and killed at any moment. */
export function startSimulatedController(parts: Parts, name: string) {
  const { world, plan, store, database, replicas } = parts;
  const clock: ProcessClock = world.process();
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
    mismatches: { since: async () => ({ records: 0, first: [] }) },
    leadership: { leading: () => leads, sinceMs: () => leadsSinceMs, close: async () => {} },
    clock,
    log: { ...(SILENT as object), error: (_: unknown, text: string) => parts.onError(text) } as never,
    tickMs: parts.tickMs,
    metrics: NO_METRICS,
    measuring: NO_MEASURING,
    holdAfterMs: 600_000,
  });
  engine.listen((event) => {
    if (isAlive) {
      parts.onEvent(name, event);
    }
  });
  void (async () => {
    while (isAlive) {
      tryToLead();
      await clock.sleep(Math.max(1_000, parts.tickMs));
    }
  })();
  engine.start();
  return {
    name,
    clock,
    engine,
    leads: () => leads && isAlive,
    isAlive: () => isAlive,
    kill: (): void => {
      isAlive = false;
      clock.end();
      database.release(name);
    },
  };
}

export type SimulatedController = ReturnType<typeof startSimulatedController>;
