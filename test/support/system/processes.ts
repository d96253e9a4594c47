import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningProcess, startProcess } from '../../../src/dev/tools/process.ts';
import { type Controller, type ControllerOptions, controllerAt } from './controller.ts';
import { type Replica, replicaAt } from './replica.ts';

const SERVICE = join(import.meta.dirname, '../../../src/service.ts');
const CONTROLLER = join(import.meta.dirname, '../../../src/controller.ts');

type Env = Readonly<Record<string, string>>;

type Killable = {
  /** The process of now: `restart` makes a new one. */
  readonly process: () => RunningProcess;
  /** SIGKILL: as when its node dies. */
  readonly kill: () => Promise<void>;
};
export type ReplicaProcess = Replica & Killable;
export type ControllerProcess = Controller & Killable;

/** The programs as processes of their own, as they are deployed: they can be killed and frozen. */
export function asProcesses(directory: string) {
  return {
    startReplica: async (name: string, env: Env): Promise<ReplicaProcess> => {
      const { logged, process, stop, kill } = await startProgram<{ port: number; admin_port: number }>({
        name,
        file: SERVICE,
        message: 'serving',
        env,
        directory,
        isReady: (started, { admin_port: port }) => started.untilOk(`http://127.0.0.1:${port}/readyz`),
      });
      return { ...replicaAt({ name, port: logged.port, adminPort: logged.admin_port, stop }), process, kill };
    },
    startController: async (name: string, { plan, env }: ControllerOptions): Promise<ControllerProcess> => {
      const planFile = join(directory, `${name}.yaml`);
      await writeFile(planFile, plan);
      const { logged, process, start, stop, kill } = await startProgram<{ port: number }>({
        name,
        file: CONTROLLER,
        message: 'watching',
        env: { ...env, PLAN_FILE: planFile },
        directory,
      });
      const { port } = logged;
      return {
        ...controllerAt({
          name,
          port,
          log: () => process().output(),
          stop,
          restart: () => start({ CONTROLLER_PORT: String(port) }),
        }),
        process,
        kill,
      };
    },
  };
}

type Program<Logged> = {
  readonly name: string;
  readonly file: string;
  readonly env: Env;
  readonly directory: string;
  /** What it logs once it serves, its ports beside it. */
  readonly message: string;
  readonly isReady?: (process: RunningProcess, logged: Logged) => Promise<void>;
};

async function startProgram<Logged>({ name, file, env, directory, message, isReady }: Program<Logged>) {
  let starts = 0;
  const start = async (ports: Env) => {
    starts += 1;
    const process = await startProcess({
      name: starts === 1 ? name : `${name}-start-${starts}`,
      command: globalThis.process.execPath,
      args: [file],
      env: { ...env, ...ports },
      directory,
    });
    try {
      const [line] = await process.untilOutput(new RegExp(`^\\{.*"msg":"${message}".*$`, 'm'));
      const logged: Logged = JSON.parse(line);
      await isReady?.(process, logged);
      return { process, logged };
    } catch (error) {
      await process.stop();
      throw error;
    }
  };
  let running = await start({});
  return {
    logged: running.logged,
    process: () => running.process,
    start: async (ports: Env) => {
      running = await start(ports);
    },
    stop: async () => {
      await running.process.stop();
    },
    kill: async () => {
      await running.process.kill();
    },
  };
}
