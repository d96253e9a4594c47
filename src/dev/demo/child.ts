import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type Child = {
  /** What it logged once it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly stop: () => Promise<void>;
};

const MOST_LINES = 30;

/**
 * Starts one of our programs as a process of its own and waits until it logs `message`.
 * @throws with what it wrote when it ends before that.
 */
export async function startChild(
  file: string,
  message: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Child> {
  const child = spawn(process.execPath, [file], {
    // A group of its own: Ctrl-C is for the demo, which then stops its parts in their order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit').finally(() => process.off('exit', kill));
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  try {
    return { ready: await untilLogged(child, exited, file, message, signal), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilLogged(
  child: ChildProcess,
  exited: Promise<unknown[]>,
  file: string,
  message: string,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const written: string[] = [];
  const found = Promise.withResolvers<Record<string, unknown>>();
  const onLine = (line: string) => {
    written.push(line);
    written.splice(0, written.length - MOST_LINES);
    const logged = parse(line);
    if (logged?.msg === message) {
      found.resolve(logged);
    }
  };
  for (const stream of [child.stdout, child.stderr]) {
    // Read to its end even when nobody looks any more: a full pipe would stop the program.
    createInterface({ input: stream as NodeJS.ReadableStream }).on('line', onLine);
  }
  signal.addEventListener('abort', () => found.reject(signal.reason), { once: true });
  exited.then(
    () => found.reject(new Error(`${file} ended at once:\n${written.join('\n')}`)),
    (error) => found.reject(error),
  );
  return await found.promise;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
