import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlagServer, startFlagServer } from '../../src/dev/embedded/flag-server.ts';
import { until } from '../../src/dev/until.ts';
import type { TestService } from './service.ts';

const FLAG = 'violation-status-domain-percent';

export type TestFlags = {
  readonly env: { readonly FLAG_PROVIDER: 'flagd'; readonly FLAGD_HOST: string; readonly FLAGD_PORT: string };
  readonly set: (percent: number) => Promise<void>;
  /** Writes any definition of the flag; undefined leaves it out. */
  readonly write: (definition: object | undefined) => Promise<void>;
  readonly writeText: (text: string) => Promise<void>;
  /** Waits until the flag server has told that it does not use the file. */
  readonly untilRefused: () => Promise<void>;
  readonly untilSeenBy: (service: TestService) => Promise<void>;
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** The built-in flag server over a file of the test's own. */
export async function startTestFlags(percent: number): Promise<TestFlags> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-flags-'));
  const file = join(directory, 'flags.json');
  let refusals = 0;
  const write = (definition: object | undefined) =>
    writeFile(file, JSON.stringify({ flags: { ...(definition && { [FLAG]: definition }) } }));
  const set = (value: number) => write({ state: 'ENABLED', variants: { now: value }, defaultVariant: 'now' });
  await set(percent);
  const start = (port: number) =>
    startFlagServer(file, port, () => {
      refusals += 1;
    });
  let server: FlagServer | undefined = await start(0);
  const { port } = server;
  const kill = async () => {
    await server?.stop();
    server = undefined;
  };
  return {
    env: { FLAG_PROVIDER: 'flagd', FLAGD_HOST: '127.0.0.1', FLAGD_PORT: String(port) },
    set,
    write,
    writeText: (text) => writeFile(file, text),
    untilRefused: () => {
      const before = refusals;
      return until('the flag server refuses the file', () => refusals > before);
    },
    untilSeenBy: (service) =>
      until('the service has its flags', () => service.logLines().some((line) => line.includes('flag source ready'))),
    kill,
    restart: async () => {
      server = await start(port);
    },
    stop: async () => {
      await kill();
      await rm(directory, { recursive: true });
    },
  };
}
