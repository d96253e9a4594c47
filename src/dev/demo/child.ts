import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

export type Child = {
  /** What it logged once it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly stop: () => Promise<void>;
};

const MOST_LINES = 10;
const READY_WITHIN_MS = 60_000;

type ChildOptions = {
  readonly file: string;
  /** What it logs once it is ready. */
  readonly message: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ends the waiting for that. */
  readonly signal: AbortSignal;
  /** It ended, though nobody stopped it. */
  readonly onLost: (error: Error) => void;
};

/**
 * Starts one of our programs as a process of its own and waits until it is ready.
 * @throws with what it wrote when it ends before that, or takes too long.
 */
export async function startChild({ file, message, env, signal, onLost }: ChildOptions): Promise<Child> {
  const child = spawn(process.execPath, [file], {
    // A group of its own: Ctrl-C is for the demo, which then stops its parts in their order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const written: string[] = [];
  const ready = Promise.withResolvers<Record<string, unknown>>();
  for (const stream of [child.stdout, child.stderr]) {
    // Read to its end even when nobody looks any more: a full pipe would stop the program.
    createInterface({ input: stream }).on('line', (line) => {
      const logged = parse(line);
      if (logged?.msg !== 'request') {
        written.push(line);
        written.splice(0, written.length - MOST_LINES);
      }
      if (logged?.msg === message) {
        ready.resolve(logged);
      }
    });
  }
  const failure = (what: string) => new Error(`${basename(file)} ${what}. Its last output:\n${written.join('\n')}`);
  let stopped = false;
  const exited = once(child, 'close')
    .then(([code, by]) => {
      if (!stopped) {
        const lost = failure(`ended by itself (${code ?? by})`);
        ready.reject(lost);
        onLost(lost);
      }
    }, ready.reject)
    .finally(() => process.off('exit', kill));
  const stop = async () => {
    stopped = true;
    child.kill('SIGTERM');
    await exited;
  };
  const late = setTimeout(() => {
    ready.reject(failure(`was not ready within ${READY_WITHIN_MS / 1_000} s`));
  }, READY_WITHIN_MS);
  const giveUp = () => ready.reject(signal.reason);
  signal.addEventListener('abort', giveUp);
  try {
    return { ready: await ready.promise, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', giveUp);
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
