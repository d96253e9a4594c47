import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createHttpServer } from '../kit/http/server.ts';
import { createControlPool, createWritePool, registerPoolGauge } from '../kit/postgres/pool.ts';
import { ignoreLate, systemClock } from '../kit/time.ts';
import { createBreaker } from '../routing/breaker.ts';
import { createFaultSwitch } from '../routing/faults.ts';
import { createFixedFlagSource, createFlagdSource } from '../routing/flags/flag-source.ts';
import { createFlagEvaluationCounter, createPathMetrics, registerServedGauges } from '../routing/metrics.ts';
import { createRouter } from '../routing/router.ts';
import type { StatusUpdate, UpdateOutcome } from '../violations/violation.ts';
import { ViolationService } from '../violations/violation-service.ts';
import { createWriteChecker } from '../violations/write-check/write-checker.ts';
import { createWrittenChanges } from '../violations/write-check/written-changes.ts';
import { DatabaseService } from '../violations/writes/database-service.ts';
import { PostgreSQLDetectionRepository } from '../violations/writes/detection-repository.ts';
import { createSessions } from '../violations/writes/sessions.ts';
import { createViolationReader } from '../violations/writes/violation-reader.ts';
import { createWriteLedger } from '../violations/writes/write-ledger.ts';
import { createAdmin } from './http/admin.ts';
import { createApi } from './http/api.ts';
import { createPaths } from './paths.ts';
import { createReadiness } from './readiness.ts';
import type { ServiceSettings } from './settings.ts';

const ROLLOUT = 'violation-status';

const LEGACY_TIMEOUT_MS = 5_000;

const CONTROL_TIMEOUT_MS = 1_000;

const POOL_END_MS = 2_000;

/** The limit on P95: a domain path that is mostly slower has no place in a rollout. */
const SLOW_CALL_MS = 200;

export type Service = {
  /** Opens both ports; the database and flagd may come later. */
  readonly start: () => Promise<{ readonly port: number; readonly adminPort: number }>;
  /** Unready at once; then requests under way finish, and everything is closed. */
  readonly stop: () => Promise<void>;
};

/** @param host the address to listen on; all of the machine's when undefined. */
export function createService(settings: ServiceSettings, log: Logger, host?: string): Service {
  const clock = systemClock;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const onIdleError = (error: Error) => log.warn({ error: error.message }, 'a database connection was lost');
  const database = { application: 'sluice', url: settings.DATABASE_URL, onIdleError };
  const writes = createWritePool({ ...database, size: settings.DATABASE_POOL });
  const control = createControlPool({ ...database, size: 4, queryTimeoutMs: CONTROL_TIMEOUT_MS });
  registerPoolGauge(registry, 'sluice_database_connections', writes);
  const checker = createWriteChecker({
    rollout: ROLLOUT,
    registry,
    store: createWrittenChanges(control, ROLLOUT),
    samplePercent: settings.SHADOW_SAMPLE_PERCENT,
    random: Math.random,
    onMismatch: (mismatches) =>
      mismatches.forEach(
        ({ update, path, field }) =>
          void log.error(
            { request_id: update.requestId, violation_id: update.violationId, path, field },
            'a write does not match the domain rule',
          ),
      ),
    onFailure: (error) => log.warn({ error: String(error) }, 'a write could not be checked'),
  });
  const sessions = createSessions(writes);
  const legacy = new DatabaseService(sessions);
  const repository = new PostgreSQLDetectionRepository(sessions, (update, expected, written) =>
    checker.returned({ update, path: 'domain' }, expected, written),
  );
  const domain = new ViolationService(repository);
  const supported = settings.REPOSITORY_TYPE === 'postgresql';
  if (!supported) {
    log.warn(
      { REPOSITORY_TYPE: settings.REPOSITORY_TYPE },
      'this repository cannot update a status; legacy will answer',
    );
  }

  const flags =
    settings.FLAG_PROVIDER === 'env'
      ? createFixedFlagSource(settings.ROLLOUT_PERCENT ?? 0, clock)
      : createFlagdSource({
          flag: settings.ROLLOUT_FLAG,
          flagd: { host: settings.FLAGD_HOST, port: settings.FLAGD_SYNC_PORT ?? settings.FLAGD_PORT },
          log,
          clock,
        });
  const countEvaluation = createFlagEvaluationCounter({ registry, rollout: ROLLOUT });
  const faults = createFaultSwitch(clock);
  const breaker = createBreaker({ slowCallMs: SLOW_CALL_MS, clock });
  const ceiling = settings.ROLLOUT_PERCENT;
  registerServedGauges(
    { registry, rollout: ROLLOUT, clock },
    {
      breaker,
      flagsReceivedAt: flags.receivedAt,
      percent: async () => {
        const { percent } = await flags.readDefault();
        return settings.USE_DOMAIN_SERVICE ? Math.min(percent, ceiling ?? 100) : 0;
      },
    },
  );

  const metrics = createPathMetrics({ registry, rollout: ROLLOUT, clock });
  const settle = createWriteLedger(control, sessions);
  const route = createRouter<StatusUpdate, UpdateOutcome>({
    rollout: ROLLOUT,
    switches: { useDomain: settings.USE_DOMAIN_SERVICE, ceiling },
    key: ({ violationId }) => violationId,
    flagPercent: async ({ violationId, handledBy }) => {
      const reading = await flags.read({
        targetingKey: violationId,
        ...(handledBy !== undefined && { handled_by: handledBy }),
      });
      countEvaluation(reading);
      return reading.percent;
    },
    paths: createPaths({
      domain: async (update, signal) => (supported ? domain.updateStatus(update, signal) : { kind: 'unsupported' }),
      legacy: (update, signal) => legacy.updateViolationStatus(update, signal),
      breaker,
      metrics,
      faults,
      clock,
      withinMs: { domain: settings.DOMAIN_TIMEOUT_MS, legacy: LEGACY_TIMEOUT_MS },
    }),
    settle: ({ writeId }) => settle(writeId),
    applied: { kind: 'updated' },
    breaker,
    metrics,
    logged: ({ requestId, violationId }) => ({ request_id: requestId, violation_id: violationId }),
    log,
  });

  const http = createHttpServer();
  const admin = createHttpServer();
  let stopping = false;
  const databaseAnswers = createReadiness(control, log);
  const api = createApi({
    forceDomain: settings.FORCE_DOMAIN,
    maxInFlight: settings.MAX_IN_FLIGHT,
    update: async (update, forced) => {
      const routed = await route(update, forced);
      if (routed.outcome.kind === 'updated') {
        checker.offer({ update, path: routed.path });
      }
      return routed;
    },
    read: createViolationReader(writes),
    whileStopping: http.whileStopping,
    log,
    registry,
  });
  http.handle(api.callback());
  admin.handle(
    createAdmin({
      registry,
      ready: async () => !stopping && (await databaseAnswers()),
      faults: settings.FAULT_INJECTION === 'allow' ? faults : undefined,
    }).callback(),
  );

  return {
    start: async () => {
      const adminPort = await admin.listen(settings.ADMIN_PORT, host);
      const port = await http.listen(settings.PORT, host);
      log.info({ port, admin_port: adminPort }, 'serving');
      return { port, adminPort };
    },
    stop: async () => {
      stopping = true;
      log.info('stopping');
      await http.drain();
      await Promise.all([admin.close(), flags.close(), checker.close()]);
      // Read-backs may still wait for a database that hangs; nothing they could report is worth waiting for.
      await clock.within(POOL_END_MS, () => Promise.all([writes.end(), control.end()])).catch(ignoreLate);
      log.info('stopped');
    },
  };
}
