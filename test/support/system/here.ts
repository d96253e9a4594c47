import { Writable } from 'node:stream';
import { pino } from 'pino';
import { createController as createControllerHere } from '../../../src/controller/create-controller.ts';
import { type ControllerSettings, readControllerSettings } from '../../../src/controller/settings.ts';
import { parsePlan } from '../../../src/rollout/plan.ts';
import { createService } from '../../../src/service/create-service.ts';
import { readServiceSettings } from '../../../src/service/settings.ts';
import { type Controller, type ControllerOptions, createController } from './controller.ts';
import { createReplica, type Replica } from './replica.ts';

const HOST = '127.0.0.1';

export type ReplicaHere = Replica & { readonly logLines: () => readonly string[] };

export type ControllerHereOptions = ControllerOptions & {
  /** Settings of which a test wants less than a person may. */
  readonly changed?: Partial<ControllerSettings>;
};

/** The programs in this process: they are there at once, and a test may look into them. */
export function inThisProcess() {
  return {
    startReplica: async (name: string, env: Readonly<Record<string, string>>): Promise<ReplicaHere> => {
      const settings = readServiceSettings(env);
      const { log, lines } = createLog(settings.LOG_LEVEL);
      const service = createService(settings, log, HOST);
      const ports = await service.start();
      return { ...createReplica({ name, ...ports, stop: once(service.stop) }), logLines: () => lines };
    },
    startController: async (name: string, { plan, changed, env = {} }: ControllerHereOptions): Promise<Controller> => {
      const settings = { ...readControllerSettings({ TICK_MS: '50', ...env }), ...changed };
      const { log, lines } = createLog(settings.LOG_LEVEL);
      const start = async (port: number) => {
        const controller = await createControllerHere(
          { ...settings, CONTROLLER_PORT: port },
          parsePlan(plan),
          log,
          HOST,
        );
        return { stop: once(controller.stop), ...(await controller.start()) };
      };
      let running = await start(settings.CONTROLLER_PORT);
      const { port } = running;
      return createController({
        name,
        port,
        log: async () => lines.join(''),
        stop: () => running.stop(),
        restart: async () => {
          running = await start(port);
        },
      });
    },
  };
}

function once(stop: () => Promise<void>): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= stop();
    return stopped;
  };
}

function createLog(level: string) {
  const lines: string[] = [];
  const kept = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: pino({ level }, kept), lines };
}
