import { Writable } from 'node:stream';
import { pino } from 'pino';
import { createController } from '../../../src/controller/create-controller.ts';
import { type ControllerSettings, readControllerSettings } from '../../../src/controller/settings.ts';
import { parsePlan } from '../../../src/rollout/plan.ts';
import { createService } from '../../../src/service/create-service.ts';
import { readServiceSettings } from '../../../src/service/settings.ts';
import { type Controller, type ControllerOptions, controllerAt } from './controller.ts';
import { type Replica, replicaAt } from './replica.ts';

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
      const replica = replicaAt({ name, ...(await start(createService(settings, log, HOST))) });
      return { ...replica, logLines: () => lines };
    },
    startController: async (name: string, { plan, changed, env = {} }: ControllerHereOptions): Promise<Controller> => {
      const settings = { ...readControllerSettings({ TICK_MS: '50', ...env }), ...changed };
      const { log, lines } = createLog(settings.LOG_LEVEL);
      const startOn = async (port: number) =>
        start(await createController({ ...settings, CONTROLLER_PORT: port }, parsePlan(plan), log, HOST));
      let running = await startOn(settings.CONTROLLER_PORT);
      const { port } = running;
      return controllerAt({
        name,
        port,
        log: async () => lines.join(''),
        stop: () => running.stop(),
        restart: async () => {
          running = await startOn(port);
        },
      });
    },
  };
}

type Program<Ports> = { readonly start: () => Promise<Ports>; readonly stop: () => Promise<void> };

/** @returns its ports, and how to stop it, once. Where it does not start, it is stopped. */
async function start<Ports>(program: Program<Ports>): Promise<Ports & Pick<Program<Ports>, 'stop'>> {
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= program.stop();
    return stopped;
  };
  try {
    return { ...(await program.start()), stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
