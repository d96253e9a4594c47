import { pino } from 'pino';
import { createGatheredLines } from './kit/log.ts';
import { runMain, untilStopped } from './kit/run-main.ts';
import { createService } from './service/create-service.ts';
import { readServiceSettings } from './service/settings.ts';

await runMain(async () => {
  const settings = readServiceSettings(process.env);
  const log = pino(
    { level: settings.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    createGatheredLines(),
  );
  const service = createService(settings, log);
  await service.start();
  await untilStopped();
  await service.stop();
});
