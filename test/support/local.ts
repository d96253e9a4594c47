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

/** `npm start` on free ports, as a process of its own that has told how to try it. */
export async function startLocal(
  [program, ...args]: readonly [string, ...string[]],
  { env: more = {}, ...as }: LocalOptions,
) {
  const { FLAGD_BIN: _flagd, ...env } = process.env;
  const child = spawn(program, args, {
    ...as,
    env: { ...env, ...more, PATH: '/usr/bin:/bin', PORT: '0', ADMIN_PORT: '0', CONTROLLER_PORT: '0' },
  });
  const exited = once(child, 'exit');
  let told = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      told += chunk;
    });
  }
  try {
    await until(
      'it tells how to try it',
      () => {
        assert.equal(child.exitCode, null, told);
        return /curl .*\n/.test(told);
      },
      START_WITHIN_MS,
    );
  } catch (error) {
    child.kill('SIGINT');
    throw error;
  }
  const [, port, path] = /curl -i -X PUT 'http:\/\/127\.0\.0\.1:(\d+)(\/[^']+)'/.exec(told) ?? assert.fail(told);
  return {
    /** Of the curl line that it prints. */
    tryIt: { method: 'PUT', port: Number(port), path: String(path) },
    flagsFile: /Flags +(.+\.json) /.exec(told)?.[1] ?? assert.fail(told),
    stop: async () => {
      child.kill('SIGINT');
      const [code] = await exited;
      assert.equal(code, 0, told);
    },
  };
}
