import { destination, pino } from 'pino';
import { createController } from './controller/create-controller.ts';
import { readControllerSettings, readPlan } from './controller/settings.ts';
import { SettingsError } from './kit/settings.ts';
import { PlanError } from './rollout/plan.ts';

async function main(): Promise<void> {
  const settings = readControllerSettings(process.env);
  const plan = await readPlan(settings.PLAN_FILE);
  const log = pino(
    { level: settings.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ sync: true }),
  );
  const controller = await createController(settings, plan, log);
  await controller.start();
  const stop = async () => {
    await controller.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, stop);
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    const isExpected = error instanceof SettingsError || error instanceof PlanError;
    console.error(isExpected ? error.message : error);
    process.exitCode = 1;
  }
}
