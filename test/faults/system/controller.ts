import { FLAG } from '../../support/system/flags.ts';
import type { ControllerProcess } from '../../support/system/processes.ts';

/** Stages that are left within seconds, and guards that a few failures break: it raises the flag and drops it all the time. */
export const CONTROLLER = {
  plan: `rollout: violation-status
flag: ${FLAG}
stages:
  - { percent: 50,  observe: 1s }
  - { percent: 100, observe: 2s }
guards:
  - { name: errors, measure: error-rate, limit: 20%, window: 10s, onBreach: off }
minSamples: 20
`,
  env: { TICK_MS: '250', LOG_LEVEL: 'info' },
} as const;

export type Conductor = AsyncDisposable & {
  /** SIGKILL; it is started again on its port, which takes a second and is not waited for. */
  readonly crash: () => Promise<void>;
  /** Asks for what a person would: that the rollout goes on. */
  readonly urge: () => Promise<void>;
};

/** The controller, which may raise and drop the flag at any time while it is killed and started. */
export function createConductor(controller: ControllerProcess, onUnexpectedEnd: (what: string) => void): Conductor {
  let ending = false;
  const watch = () => {
    const watched = controller.process();
    void watched.exited.then(async ({ code, signal }) => {
      if (!ending && controller.process() === watched) {
        onUnexpectedEnd(`the controller ended with ${code ?? signal}: ${(await watched.output()).slice(-2_000)}`);
      }
    });
  };
  watch();
  let starting: Promise<void> = Promise.resolve();
  const restart = async () => {
    await controller.restart();
    ending = false;
    watch();
  };
  return {
    crash: async () => {
      await starting;
      ending = true;
      await controller.kill();
      starting = restart();
      starting.catch((error) => onUnexpectedEnd(`the controller did not start again: ${error}`));
    },
    urge: async () => {
      for (const command of ['start', 'resume'] as const) {
        // It refuses what makes no sense now, and it may be away: both are fine here.
        await controller.command(command).catch(() => {});
      }
    },
    [Symbol.asyncDispose]: async () => {
      await starting.catch(() => {});
      ending = true;
    },
  };
}
