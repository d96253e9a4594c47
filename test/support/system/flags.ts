import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FlagServer, startFlagServer } from '../../../src/dev/embedded/flag-server.ts';
import { startFlagd } from '../../../src/dev/embedded/flagd.ts';
import { ensureFlagsFile } from '../../../src/dev/embedded/flags-file.ts';
import { until } from '../../../src/dev/until.ts';

export const FLAG = 'violation-status-domain-percent';

export type Flags = AsyncDisposable & {
  /** The flags file: what FLAGS_FILE of a controller should be. */
  readonly file: string;
  /** For the replicas. */
  readonly env: { readonly FLAG_PROVIDER: 'flagd'; readonly FLAGD_HOST: string; readonly FLAGD_PORT: string };
  /** As an SRE does by hand: changes `defaultVariant` to the variant with this percent. */
  readonly set: (percent: number) => Promise<void>;
  /** The percent that the file says now. */
  readonly percent: () => Promise<number>;
  /** Any definition instead of the flag's; undefined leaves it out. */
  readonly write: (definition: object | undefined) => Promise<void>;
  /** Any text instead of the file's. */
  readonly writeText: (text: string) => Promise<void>;
  /** Waits until the built-in server has logged that it does not use the file. */
  readonly untilRefused: () => Promise<void>;
  readonly isServed: () => boolean;
  readonly stop: () => Promise<void>;
  /** On the same port, after `stop`. */
  readonly restart: () => Promise<void>;
};

type FlagsFile = { flags: Record<string, { variants: Record<string, number>; defaultVariant: string }> };

/** A flags file at 0 % under flagd, where its program is given, else under the built-in flag server. */
export async function startFlags(directory: string, flagd?: string): Promise<Flags> {
  const file = join(directory, 'flags.json');
  await ensureFlagsFile(file, FLAG);
  let refusals = 0;
  const start = (port: number): Promise<FlagServer> =>
    flagd === undefined
      ? startFlagServer(file, port, () => {
          refusals += 1;
        })
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
  const writeText = async (text: string) => {
    // Renamed: whoever reads at this moment sees the old flags or the new ones.
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  const stop = async () => {
    const stopping = server;
    server = undefined;
    await stopping?.stop();
  };
  return {
    file,
    env: { FLAG_PROVIDER: 'flagd', FLAGD_HOST: '127.0.0.1', FLAGD_PORT: String(port) },
    set: async (percent) => {
      const { content, flag } = await read();
      const variant = Object.entries(flag.variants).find(([, value]) => value === percent)?.[0];
      if (variant === undefined) {
        throw new Error(`${file} has no variant of ${percent} %`);
      }
      flag.defaultVariant = variant;
      await writeText(`${JSON.stringify(content, null, 2)}\n`);
    },
    percent: async () => {
      const { flag } = await read();
      return flag.variants[flag.defaultVariant] ?? 0;
    },
    write: (definition) => writeText(JSON.stringify({ flags: { ...(definition && { [FLAG]: definition }) } })),
    writeText,
    untilRefused: () => {
      const before = refusals;
      return until('the flag server refuses the file', () => refusals > before);
    },
    isServed: () => server !== undefined,
    stop,
    restart: async () => {
      server ??= await start(port);
    },
    [Symbol.asyncDispose]: stop,
  };
}
