import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../../src/dev/until.ts';

const START_WITHIN_MS = 60_000;

export type LocalOptions = {
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: Readonly<Record<string, string>>;
};

/** `npm start` on free ports, as a process of its own. */
export function spawnLocal(
  [program, ...args]: readonly [string, ...string[]],
  { env: more = {}, ...as }: LocalOptions,
) {
  const { FLAGD_BIN: _flagd, ...env } = process.env;
  const child = spawn(program, args, {
    ...as,
    env: { ...env, ...more, PATH: '/usr/bin:/bin', PORT: '0', ADMIN_PORT: '0', CONTROLLER_PORT: '0' },
  });
  const exited = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  return {
    said: () => said,
    /** Fails at once, with what it printed, when it ends first. */
    untilPrinted: (pattern: RegExp) =>
      until(
        `it says ${pattern}`,
        () => {
          assert.equal(child.exitCode, null, said);
          return pattern.test(said);
        },
        START_WITHIN_MS,
      ),
    stop: async () => {
      child.kill('SIGINT');
      const [code] = await exited;
      assert.equal(code, 0, said);
    },
  };
}

/** The same, once it has printed how to try it. */
export async function startLocal(...started: Parameters<typeof spawnLocal>) {
  const { said, untilPrinted, stop } = spawnLocal(...started);
  try {
    await untilPrinted(/curl .*\n/);
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  const [, port, path] = /curl -i -X PUT 'http:\/\/127\.0\.0\.1:(\d+)(\/[^']+)'/.exec(said()) ?? assert.fail(said());
  return {
    /** Of the curl line that it prints. */
    tryIt: { method: 'PUT', port: Number(port), path: String(path) },
    flagsFile: /Flags +(.+\.json) /.exec(said())?.[1] ?? assert.fail(said()),
    stop,
  };
}
