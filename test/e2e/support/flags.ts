import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FlagServer, startFlagServer } from '../../../src/dev/embedded/flag-server.ts';
import { startFlagd } from '../../../src/dev/embedded/flagd.ts';
import { ensureFlagsFile } from '../../../src/dev/embedded/flags-file.ts';
import { findTools } from '../../../src/dev/tools/find.ts';

export const FLAG = 'violation-status-domain-percent';

export type Flags = AsyncDisposable & {
  /** The flags file: what FLAGS_FILE of a controller should be. */
  readonly file: string;
  readonly server: 'flagd' | 'built-in';
  /** For the replicas. */
  readonly env: { readonly FLAG_PROVIDER: 'flagd'; readonly FLAGD_HOST: string; readonly FLAGD_PORT: string };
  /** As an SRE does by hand: changes `defaultVariant` to the variant with this percent. */
  readonly set: (percent: number) => Promise<void>;
  /** The percent that the file says now. */
  readonly percent: () => Promise<number>;
  readonly stop: () => Promise<void>;
  /** On the same port, after `stop`. */
  readonly restart: () => Promise<void>;
};

type FlagsFile = { flags: Record<string, { variants: Record<string, number>; defaultVariant: string }> };

/** A flags file at 0 % under flagd where there is one, else under the built-in flag server. */
export async function startFlags(directory: string): Promise<Flags> {
  const file = join(directory, 'flags.json');
  await ensureFlagsFile(file, FLAG);
  const flagd = (await findTools()).path('flagd');
  const start = (port: number): Promise<FlagServer> =>
    flagd === undefined
      ? startFlagServer(file, port, (why) => console.error(`the flag server cannot use ${file}: ${why}`))
      : startFlagd(flagd, file, port);
  let server: FlagServer | undefined = await start(0);
  const { port } = server;

  const read = async () => {
    const content: FlagsFile = JSON.parse(await readFile(file, 'utf8'));
    const flag = content.flags[FLAG];
    if (flag === undefined) {
      throw new Error(`${file} has no ${FLAG}`);
    }
    return { content, flag };
  };
  const stop = async () => {
    const stopping = server;
    server = undefined;
    await stopping?.stop();
  };
  return {
    file,
    server: flagd === undefined ? 'built-in' : 'flagd',
    env: { FLAG_PROVIDER: 'flagd', FLAGD_HOST: '127.0.0.1', FLAGD_PORT: String(port) },
    set: async (percent) => {
      const { content, flag } = await read();
      const variant = Object.entries(flag.variants).find(([, value]) => value === percent)?.[0];
      if (variant === undefined) {
        throw new Error(`${file} has no variant of ${percent} %`);
      }
      flag.defaultVariant = variant;
      // Renamed: whoever reads at this moment sees the old flags or the new ones.
      await writeFile(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`);
      await rename(`${file}.new`, file);
    },
    percent: async () => {
      const { flag } = await read();
      return flag.variants[flag.defaultVariant] ?? 0;
    },
    stop,
    restart: async () => {
      server ??= await start(port);
    },
    [Symbol.asyncDispose]: stop,
  };
}
