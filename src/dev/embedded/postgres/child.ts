import { type ChildProcess, spawn } from 'node:child_process';
import type { User } from './user.ts';

const MOST_LINES = 50;

export type Child = {
  readonly process: ChildProcess;
  /** The last of what it wrote. */
  readonly output: () => string;
};

export type RunAs = {
  readonly user: User | undefined;
  /** An open folder, which is /proc/self/fd/3 there. */
  readonly folder: number | undefined;
};

/** In a process group of its own: Ctrl-C reaches the program, which then stops its database last. */
export function run(command: string, args: readonly string[], { user, folder }: RunAs): Child {
  const child = spawn(command, args, {
    ...user,
    // The folder we are in may be closed to that user.
    ...(user && { cwd: '/' }),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', folder ?? 'ignore'],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      lines.push(String(chunk));
      lines.splice(0, lines.length - MOST_LINES);
    });
  }
  child.on('error', (error) => lines.push(error.message));
  // However this process ends, the server does not outlive it.
  const kill = () => child.kill('SIGINT');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return { process: child, output: () => lines.join('').trim() };
}
