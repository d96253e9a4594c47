import { destination, pino } from 'pino';
import { createController } from './controller/create-controller.ts';
import { readControllerSettings, readPlan } from './controller/settings.ts';
import { runMain, untilStopped } from './kit/run-main.ts';

await runMain(async () => {
  const settings = readControllerSettings(process.env);
  const plan = await readPlan(settings.PLAN_FILE);
  const log = pino(
    { level: settings.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ sync: true }),
  );
  const controller = await createController(settings, plan, log);
  await controller.start();
  await untilStopped();
  await controller.stop();
});
