import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';

const CLI = resolve('src/cli.ts');

type RunningCli = {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has written so far. */
  readonly seen: { readonly out: string; readonly err: string };
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
};

/**
 * `sluice` as a process of its own, with this environment and PATH. Its input is closed: it can ask nobody.
 * @param cwd an empty folder where no token of this machine may be found.
 */
export function startCli(args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): RunningCli {
  const child = spawn(process.execPath, [CLI, ...args], {
    ...(cwd !== undefined && { cwd }),
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    seen.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    seen.err += chunk;
  });
  const closed = new Promise<number | null>((done) => child.on('close', done));
  return { child, seen, ended: closed.then((code) => ({ code, ...seen })) };
}
