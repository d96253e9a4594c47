import { pino } from 'pino';
import { createGatheredLines } from './kit/log.ts';
import { SettingsError } from './kit/settings.ts';
import { createService } from './service/create-service.ts';
import { readServiceSettings } from './service/settings.ts';

async function main(): Promise<void> {
  const settings = readServiceSettings(process.env);
  const log = pino(
    { level: settings.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    createGatheredLines(),
  );
  const service = createService(settings, log);
  await service.start();
  const stop = async () => {
    await service.stop();
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
    console.error(error instanceof SettingsError ? error.message : error);
    process.exitCode = 1;
  }
}
