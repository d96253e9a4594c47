import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { destination, type Logger, pino } from 'pino';
import { createController } from './controller/create-controller.ts';
import { readControllerSettings, readPlan } from './controller/settings.ts';
import { type FlagServer, startFlagServer } from './dev/embedded/flag-server.ts';
import { findFlagd, freePort, startFlagd } from './dev/embedded/flagd.ts';
import { ensureFlagsFile } from './dev/embedded/flags-file.ts';
import { startEmbeddedPostgres } from './dev/embedded/postgres.ts';
import { SEEDED_VIOLATIONS, seedViolations } from './dev/embedded/seed.ts';
import { ensureToken } from './dev/embedded/token.ts';
import { migrate } from './kit/postgres/migrate.ts';
import { runMain, untilStopped } from './kit/run-main.ts';
import type { Plan } from './rollout/plan.ts';
import { createService } from './service/create-service.ts';
import { readServiceSettings } from './service/settings.ts';

const HOME = resolve('.sluice');
const FLAGS_FILE = join(HOME, 'flags.json');
const DATABASE_FILE = join(HOME, 'database-url');
const OWN_PLAN = resolve(import.meta.dirname, '../rollout.yaml');

type Running = { readonly env: NodeJS.ProcessEnv; readonly what: string; readonly stop: () => Promise<void> };

/** Everything on one machine, for trying it out: a real PostgreSQL, a flag server, the service and the controller. */
async function main(): Promise<void> {
  const stops: (() => Promise<void>)[] = [];
  const stopped = untilStopped('SIGHUP');
  try {
    await Promise.race([startAll(stops), stopped]);
    await stopped;
    console.log('\nStopping: requests under way finish, then the database closes.');
  } finally {
    for (const stop of stops.reverse()) {
      await stop();
    }
  }
}

async function startAll(stops: (() => Promise<void>)[]): Promise<void> {
  const given: NodeJS.ProcessEnv = { FORCE_DOMAIN: 'allow', FAULT_INJECTION: 'allow', ...process.env };
  // Wrong settings are told before anything is started for them.
  readServiceSettings({ DATABASE_URL: 'postgresql://to-be-started', ...given });
  const plan = await readPlan(given.PLAN_FILE || OWN_PLAN);
  await mkdir(HOME, { recursive: true });

  const database = await startDatabase(given);
  stops.push(database.stop);
  const flags = await startFlags(given);
  stops.push(flags.stop);

  const env = { ...given, ...database.env, ...flags.env };
  const settings = readServiceSettings(env);
  const log = pino(
    { level: settings.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ sync: true }),
  );
  const service = createService(settings, log, '127.0.0.1');
  const { port, adminPort } = await service.start();
  stops.push(service.stop);
  const controller = await startController(env, adminPort, plan, log.child({ part: 'controller' }));
  stops.push(controller.stop);

  await keepDatabaseUrl(env);
  stops.push(() => rm(DATABASE_FILE, { force: true }));

  console.log(`
Sluice is running. Ctrl-C stops it.

  API        http://127.0.0.1:${port}    violations 1–${SEEDED_VIOLATIONS}; described at /openapi.json
  Admin      http://127.0.0.1:${adminPort}    /readyz, /metrics, PUT /faults
  Controller ${controller.what}
  Database   ${database.what}
  Flags      ${flags.what}

Try it:
  curl -i -X PUT 'http://127.0.0.1:${port}/api/v1/records/violations/42/status?status=confirmed&handled_by=me'
  npm run -s sluice -- status
`);
}

/** For commands that work on the data; only its owner may read it: it has a password. */
async function keepDatabaseUrl({ DATABASE_URL }: NodeJS.ProcessEnv): Promise<void> {
  await rm(DATABASE_FILE, { force: true });
  await writeFile(DATABASE_FILE, `${DATABASE_URL}\n`, { mode: 0o600 });
}

/** The controller watches this service and edits its flags file; flags that are somewhere else need settings of their own. */
async function startController(
  given: NodeJS.ProcessEnv,
  adminPort: number,
  plan: Plan,
  log: Logger,
): Promise<Omit<Running, 'env'>> {
  if (!given.FLAGS_FILE && !given.FLAG_RESOURCE) {
    return {
      what: 'not started: the flag is not in a file here (set LEVER, and FLAGS_FILE or FLAG_RESOURCE)',
      stop: async () => {},
    };
  }
  const tokenFile = join(HOME, 'token');
  const settings = readControllerSettings({
    SCRAPE_TARGETS: `127.0.0.1:${adminPort}`,
    ...(!given.SLUICE_TOKEN && { SLUICE_TOKEN_FILE: await ensureToken(tokenFile) }),
    ...given,
  });
  const controller = await createController(settings, plan, log, '127.0.0.1');
  const { port } = await controller.start();
  return {
    what: `http://127.0.0.1:${port}    the console, /api/status, /metrics; token in ${given.SLUICE_TOKEN ? 'SLUICE_TOKEN' : settings.SLUICE_TOKEN_FILE}`,
    stop: controller.stop,
  };
}

async function startDatabase(given: NodeJS.ProcessEnv): Promise<Running> {
  const own = given.DATABASE_URL;
  if (own) {
    await migrate(own, () => {});
    return {
      env: {},
      what: 'the one in DATABASE_URL, migrated; its violations are left as they are',
      stop: async () => {},
    };
  }
  console.log('Starting PostgreSQL (the first start prepares its data, a few seconds) …');
  const server = await startEmbeddedPostgres(join(HOME, 'postgres'), await freePort());
  try {
    await migrate(server.url, () => {});
    await seedViolations(server.url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { env: { DATABASE_URL: server.url }, what: server.url, stop: server.stop };
}

async function startFlags(given: NodeJS.ProcessEnv): Promise<Running> {
  if (given.FLAG_PROVIDER === 'env') {
    return { env: {}, what: 'none: ROLLOUT_PERCENT is the percent', stop: async () => {} };
  }
  if (given.FLAGD_HOST || given.FLAGD_PORT || given.FLAGD_SYNC_PORT || given.FLAGD_SOCKET_PATH) {
    return { env: {}, what: 'the flagd that FLAGD_* names', stop: async () => {} };
  }
  await ensureFlagsFile(FLAGS_FILE, given.ROLLOUT_FLAG || 'violation-status-domain-percent');
  const flagd = await findFlagd(given);
  const server: FlagServer = flagd
    ? await startFlagd(flagd, FLAGS_FILE, 0)
    : await startFlagServer(FLAGS_FILE, 0, (why) =>
        console.error(`${FLAGS_FILE} is not used, the last good flags stay: ${why}`),
      );
  return {
    env: { FLAGD_HOST: '127.0.0.1', FLAGD_PORT: String(server.port), FLAGS_FILE },
    what: `${FLAGS_FILE}    change defaultVariant to p5, p10, p25, p50, p100 or off (served by ${flagd ? 'flagd' : 'the built-in flag server'})`,
    stop: server.stop,
  };
}

await runMain(main, 'Sluice could not start');
