import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const STOP_MS = 5_000;

export type Child = AsyncDisposable & {
  readonly pid: number;
  readonly send: (message: object) => void;
  /** @throws when the program ends before it says something, or `signal` is aborted. */
  readonly nextMessage: <T>(signal: AbortSignal) => Promise<T>;
};

/** Starts one of our programs under this same Node, its output thrown away and its errors shown. */
export function startChild(program: string, env: NodeJS.ProcessEnv, execArgv: readonly string[] = []): Child {
  const child = fork(program, {
    env: { PATH: process.env.PATH, ...env },
    execArgv: [...execArgv],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // However this process ends, the program does not outlive it.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  child.on('error', (error) => console.error(`${program}: ${error.message}`));

  return {
    pid: child.pid ?? Number.NaN,
    send: (message) => child.send(message),
    nextMessage: async <T>(signal: AbortSignal) => {
      const [message] = await Promise.race([once(child, 'message', { signal }), failWhenGone(child, program, exited)]);
      return message as T;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      const force = setTimeout(kill, STOP_MS);
      await exited;
      clearTimeout(force);
    },
  };
}

async function failWhenGone(child: ChildProcess, program: string, exited: Promise<void>): Promise<never> {
  await exited;
  throw new Error(`${program} ended, with ${child.signalCode ?? `exit code ${child.exitCode}`}`);
}
