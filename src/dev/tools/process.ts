import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../until.ts';
import { bodyOf } from './http.ts';
import { endWithThisProcess, hasEnded, signalGroup } from './process-group.ts';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 15_000;

type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type RunningProcess = AsyncDisposable & {
  readonly name: string;
  readonly pid: number;
  /** Everything the process wrote, to both of its streams. */
  readonly output: () => Promise<string>;
  /** Waits for output that matches. Fails at once, with the output, when the process ends first. */
  readonly untilOutput: (pattern: RegExp, timeoutMs?: number) => Promise<RegExpExecArray>;
  /** Waits until GET `url` answers 200. Fails at once, with the output, when the process ends first. */
  readonly untilOk: (url: string, timeoutMs?: number) => Promise<void>;
  readonly exited: Promise<Exit>;
  /** SIGTERM, then SIGKILL where that has not ended it within 15 s; also of a frozen process. */
  readonly stop: () => Promise<Exit>;
  /** SIGKILL: as when a node dies. */
  readonly kill: () => Promise<Exit>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  readonly freeze: () => void;
  readonly thaw: () => void;
};

export type ProcessOptions = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment, beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its output goes, to `<name>.log`. */
  readonly directory: string;
};

/** A program in a process group of its own. It does not outlive this process, unless that is killed with SIGKILL. */
export async function startProcess({ name, command, args, env, directory }: ProcessOptions): Promise<RunningProcess> {
  const log = join(directory, `${name}.log`);
  const file = openSync(log, 'a');
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', file, file],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  closeSync(file);
  const exited = once(child, 'exit').then(([code, signal]): Exit => ({ code, signal }));
  // Whoever awaits it gets it; a process that ends unasked must not end the test run as an unhandled rejection.
  exited.catch(() => {});
  await once(child, 'spawn');
  endWithThisProcess(child);

  const send = (signal: NodeJS.Signals) => signalGroup(child, signal);
  const output = () => readFile(log, 'utf8');
  const failIfEnded = async () => {
    if (hasEnded(child)) {
      throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}:\n${await output()}`);
    }
  };
  const wait = async (what: string, condition: () => Promise<boolean>, timeoutMs = START_TIMEOUT_MS) => {
    try {
      await until(what, condition, timeoutMs);
    } catch (error) {
      await failIfEnded();
      throw new Error(`${(error as Error).message}\n${await output()}`);
    }
  };
  const stop = async () => {
    send('SIGTERM');
    send('SIGCONT');
    const force = setTimeout(() => send('SIGKILL'), STOP_TIMEOUT_MS);
    return exited.finally(() => clearTimeout(force));
  };
  return {
    name,
    pid: child.pid as number,
    output,
    untilOutput: async (pattern, timeoutMs) => {
      let found: RegExpExecArray | null = null;
      const look = async () => {
        found = pattern.exec(await output());
        if (found === null) {
          await failIfEnded();
        }
        return found !== null;
      };
      await wait(`${name} writes ${pattern}`, look, timeoutMs);
      return found as unknown as RegExpExecArray;
    },
    untilOk: (url, timeoutMs) => {
      const ask = async () => {
        await failIfEnded();
        return isOk(url);
      };
      return wait(`${name} answers ${url}`, ask, timeoutMs);
    },
    exited,
    stop,
    kill: () => {
      send('SIGKILL');
      return exited;
    },
    freeze: () => send('SIGSTOP'),
    thaw: () => send('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

const isOk = (url: string) =>
  bodyOf(url, { timeoutMs: 2_000 }).then(
    () => true,
    () => false,
  );
