import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { destination, type Logger, pino } from 'pino';
import { createController } from './controller/create-controller.ts';
import { readControllerSettings, readPlan } from './controller/settings.ts';
import { ensureToken } from './dev/embedded/token.ts';
import { keepDatabaseUrl, startDatabase } from './dev/local/database.ts';
import { startFlags } from './dev/local/flags.ts';
import { HOME } from './dev/local/home.ts';
import { welcome } from './dev/local/welcome.ts';
import { runMain, stopSignal, untilStopped } from './kit/run-main.ts';
import type { Plan } from './rollout/plan.ts';
import { createService } from './service/create-service.ts';
import { readServiceSettings } from './service/settings.ts';

const OWN_PLAN = resolve(import.meta.dirname, '../rollout.yaml');

/** Everything on one machine, for trying it out: a real PostgreSQL, a flag server, the service and the controller. */
async function main(): Promise<void> {
  const signal = stopSignal('SIGHUP');
  await using stack = new AsyncDisposableStack();
  try {
    await start(stack, signal);
    await untilStopped('SIGHUP');
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
  console.log('\nStopping: requests under way finish, then the database closes.');
}

/** @throws when `signal` is aborted before all are there; those that are will be stopped with `stack`. */
async function start(stack: AsyncDisposableStack, signal: AbortSignal): Promise<void> {
  const given: NodeJS.ProcessEnv = { FORCE_DOMAIN: 'allow', FAULT_INJECTION: 'allow', ...process.env };
  // Wrong settings are reported before anything is started for them.
  readServiceSettings({ DATABASE_URL: 'postgresql://to-be-started/violations', ...given });
  const plan = await readPlan(given.PLAN_FILE || OWN_PLAN);
  await mkdir(HOME.folder, { recursive: true });

  if (!given.DATABASE_URL) {
    console.log('Starting PostgreSQL (the first start prepares its data, a few seconds) …');
  }
  const database = await startDatabase(given, HOME.postgres);
  stack.defer(database.stop);
  signal.throwIfAborted();
  const flags = await startFlags(given, HOME.flagsFile, (why) =>
    console.error(`${HOME.flagsFile} is not used, the last good flags stay: ${why}`),
  );
  stack.defer(flags.stop);
  signal.throwIfAborted();

  const env = { ...given, ...database.env, ...flags.env };
  const settings = readServiceSettings(env);
  const log = pino(
    { level: settings.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ sync: true }),
  );
  const service = createService(settings, log, '127.0.0.1');
  const { port, adminPort } = await service.start();
  stack.defer(service.stop);
  const controller = await startController(env, adminPort, plan, log.child({ part: 'controller' }));
  stack.defer(controller.stop);

  await keepDatabaseUrl(HOME.databaseFile, env);
  stack.defer(() => rm(HOME.databaseFile, { force: true }));
  signal.throwIfAborted();
  console.log(welcome({ port, adminPort, controller: controller.what, database: database.what, flags: flags.what }));
}

/** The controller watches this service and edits its flags file; flags that are somewhere else need settings of their own. */
async function startController(given: NodeJS.ProcessEnv, adminPort: number, plan: Plan, log: Logger) {
  if (!given.FLAGS_FILE && !given.FLAG_RESOURCE) {
    return {
      what: 'not started: the flag is not in a file here (set LEVER, and FLAGS_FILE or FLAG_RESOURCE)',
      stop: async () => {},
    };
  }
  const settings = readControllerSettings({
    SCRAPE_TARGETS: `127.0.0.1:${adminPort}`,
    ...(!given.SLUICE_TOKEN && { SLUICE_TOKEN_FILE: await ensureToken(HOME.tokenFile) }),
    ...given,
  });
  const controller = await createController(settings, plan, log, '127.0.0.1');
  const { port } = await controller.start();
  return {
    what: `http://127.0.0.1:${port}    the console, /api/status, /metrics; token in ${given.SLUICE_TOKEN ? 'SLUICE_TOKEN' : settings.SLUICE_TOKEN_FILE}`,
    stop: controller.stop,
  };
}

await runMain(main, 'Sluice could not start');
