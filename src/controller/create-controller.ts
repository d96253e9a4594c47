import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createHttpServer } from '../kit/http/server.ts';
import { createControlPool } from '../kit/postgres/pool.ts';
import { createRecent } from '../kit/recent.ts';
import { ignoreLate, systemClock } from '../kit/time.ts';
import type { Plan } from '../rollout/plan.ts';
import { createControllerApi } from './api/routes.ts';
import { describeStatus } from './api/status.ts';
import { addConsoleRoutes } from './console/serve.ts';
import { createEngine } from './engine/engine.ts';
import { createMeasuring } from './engine/measuring.ts';
import { createControlMetrics, registerControlGauges } from './engine/metrics.ts';
import { createLever } from './levers/create-lever.ts';
import { createNotifier } from './notifications/notifier.ts';
import { openReaders } from './readers/open-readers.ts';
import type { ControllerSettings } from './settings.ts';
import { createSources } from './signals/create-sources.ts';
import { createJournal } from './store/journal.ts';
import { createLeadership } from './store/leadership.ts';
import { createMeasurementStore } from './store/measurements.ts';
import { createMismatchStore } from './store/mismatches.ts';

const JOURNAL_POOL = 4;

const JOURNAL_WITHIN_MS = 1_000;

/** A database that hangs must not hold up a stop: what it has not taken by then it would not take later either. */
const SAVE_WITHIN_MS = 3_000;

const CLOSE_WITHIN_MS = 2_000;

/** However many read it; what is recorded is seen at once. */
const STATUS_KEPT_MS = 100;

export type Controller = {
  /** Watches from here on; the database, the replicas and Prometheus may come later. */
  readonly start: () => Promise<{ readonly port: number }>;
  readonly stop: () => Promise<void>;
};

/** @param host the address to listen on; all of the machine's when undefined. */
export async function createController(
  settings: ControllerSettings,
  plan: Plan,
  log: Logger,
  host?: string,
): Promise<Controller> {
  // biome-ignore lint/plugin: here it is handed in.
  const clock = systemClock;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = createControlMetrics(
    registry,
    plan.rollout,
    plan.guards.map(({ name }) => name),
  );
  const instance = `${hostname()}/${randomBytes(3).toString('hex')}`;
  const sources = createSources(settings, plan.rollout, clock);
  const pool = createControlPool({
    application: 'sluice',
    url: settings.DATABASE_URL,
    size: Math.min(settings.DATABASE_POOL, JOURNAL_POOL),
    queryTimeoutMs: JOURNAL_WITHIN_MS,
    onIdleError: (error) => log.warn({ error: error.message }, 'a database connection was lost'),
  });
  const lever = await createLever(settings, plan, pool, clock);
  const leadership = createLeadership({
    url: settings.DATABASE_URL,
    rollout: plan.rollout,
    clock,
    onChange: (leading) => log.info({ instance }, leading ? 'leading' : 'standing by'),
  });
  const measuring = createMeasuring({ store: createMeasurementStore(pool, plan.rollout), log, now: clock.now });
  const loop = createEngine({
    plan,
    sources: sources.watched,
    witness: sources.witness,
    lever,
    journal: createJournal(pool, plan.rollout),
    mismatches: createMismatchStore(pool, plan.rollout),
    leadership,
    clock,
    log,
    tickMs: settings.TICK_MS,
    metrics,
    measuring,
    holdAfterMs: settings.NOTIFY_HOLD_AFTER_MINUTES * 60_000,
  });
  const notifier = createNotifier({
    rollout: plan.rollout,
    flag: plan.flag,
    webhookUrl: settings.NOTIFY_WEBHOOK_URL,
    slackUrl: settings.NOTIFY_SLACK_URL,
    consoleUrl: settings.CONSOLE_URL,
    registry,
    log,
    clock,
  });
  loop.listen(notifier.take);
  registerControlGauges(registry, plan.rollout, lever, loop.snapshot);

  const status = () => describeStatus({ plan, lever, instance, snapshot: loop.snapshot() });
  const statusJson = createRecent(() => JSON.stringify(status()), STATUS_KEPT_MS, clock);
  loop.listen(statusJson.forget);
  const readers = openReaders({
    databaseUrl: settings.DATABASE_URL,
    plan,
    loop,
    measuring,
    now: () => {
      const snapshot = loop.snapshot();
      const { state, verdicts } = snapshot;
      return { status: describeStatus({ plan, lever, instance, snapshot }), state, verdicts };
    },
    clock,
  });

  const http = createHttpServer();
  let stopping = false;
  const api = createControllerApi({
    rollout: plan.rollout,
    token: settings.token,
    loop,
    measuring,
    status,
    statusJson: statusJson.get,
    readers: readers.ask,
    metrics,
    registry,
    ready: () => !stopping,
    addConsole: addConsoleRoutes,
    log,
    clock,
  });
  http.handle(api.callback());

  return {
    start: async () => {
      const port = await http.listen(settings.CONTROLLER_PORT, host);
      loop.start();
      log.info({ port, rollout: plan.rollout, lever: lever.where, signals: settings.SIGNALS }, 'watching');
      return { port };
    },
    stop: async () => {
      stopping = true;
      await http.close();
      await clock.within(SAVE_WITHIN_MS, loop.stop).catch(ignoreLate);
      await clock
        .within(CLOSE_WITHIN_MS, () =>
          Promise.all(
            [notifier, leadership, readers, ...sources.all, { close: () => pool.end() }].map((each) => each.close()),
          ),
        )
        .catch(ignoreLate);
      log.info('stopped');
    },
  };
}
