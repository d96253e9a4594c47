import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration } from '../../kit/format.ts';
import type { FlagServer } from './flag-server.ts';

const START_TIMEOUT_MS = 10_000;

/** @returns the real flagd, where FLAGD_BIN or PATH has one. */
export async function findFlagd(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (env.FLAGD_BIN) {
    if (!(await isExecutable(env.FLAGD_BIN))) {
      throw new Error(
        `FLAGD_BIN is wrong: ${env.FLAGD_BIN} is no program that can be run. Unset it to use the built-in flag server.`,
      );
    }
    return env.FLAGD_BIN;
  }
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    const candidate = join(directory, 'flagd');
    if (directory !== '' && (await isExecutable(candidate))) {
      return candidate;
    }
  }
  return undefined;
}

/** Starts flagd on loopback over one flags file. */
export async function startFlagd(program: string, file: string, syncPort: number): Promise<FlagServer> {
  const port = syncPort === 0 ? await freePort() : syncPort;
  const [evaluation, management, ofrep] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(
    program,
    [
      'start',
      // By default flagd reads a file again each second; this way a change is seen at once.
      '--sources',
      JSON.stringify([{ uri: file, provider: 'fsnotify' }]),
      '--port',
      `${evaluation}`,
      '--management-port',
      `${management}`,
      '--ofrep-port',
      `${ofrep}`,
      '--sync-port',
      `${port}`,
    ],
    { stdio: 'ignore', detached: true },
  );
  const kill = () => child.kill('SIGTERM');
  process.once('exit', kill);
  const exited = once(child, 'exit').finally(() => process.off('exit', kill));
  await Promise.race([
    untilOpen(port),
    exited.then(([code]) => {
      throw new Error(`flagd ended at once, with exit code ${code}: ${program} start over ${file}`);
    }),
  ]);
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function untilOpen(port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await sleep(50);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`flagd did not open port ${port} within ${formatDuration(START_TIMEOUT_MS, 'en')}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const isExecutable = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
