import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { send } from '../support/service.ts';

test('npm start brings everything up; its curl line works, an edited flag counts within 200 ms, Ctrl-C ends it all', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-local-'));
  const { FLAGD_BIN: _flagd, ...env } = process.env;
  const child = spawn(process.execPath, [resolve('src/local.ts')], {
    cwd: directory,
    env: { ...env, PATH: '/usr/bin:/bin', PORT: '0', ADMIN_PORT: '0', CONTROLLER_PORT: '0' },
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
      60_000,
    );
    const curl = /curl -i -X PUT 'http:\/\/127\.0\.0\.1:(\d+)(\/[^']+)'/.exec(told) ?? assert.fail(told);
    const flagsFile = /Flags +(\S+)/.exec(told)?.[1] ?? assert.fail(told);
    const runCurl = () => send({ method: 'PUT', port: Number(curl[1]), path: curl[2] as string });

    const first = await runCurl();
    assert.deepEqual([first.status, first.headers['rollout-path']], [200, 'legacy']);

    const databaseFile = join(directory, '.sluice/database-url');
    assert.match(await readFile(databaseFile, 'utf8'), /^postgresql:\/\/.+\n$/);
    assert.equal((await stat(databaseFile)).mode & 0o777, 0o600, 'it has a password');

    const flags = await readFile(flagsFile, 'utf8');
    for (const [variant, path] of [
      ['p100', 'domain'],
      ['off', 'legacy'],
    ] as const) {
      await writeFile(flagsFile, flags.replace('"defaultVariant": "off"', `"defaultVariant": "${variant}"`));
      await until(`${path} answers`, async () => (await runCurl()).headers['rollout-path'] === path, 200);
    }
  } finally {
    child.kill('SIGINT');
    const [code] = await exited;
    assert.equal(code, 0, told);
  }
  await assert.rejects(readFile(join(directory, '.sluice/postgres/data/postmaster.pid')), { code: 'ENOENT' });
  await assert.rejects(readFile(join(directory, '.sluice/database-url')), { code: 'ENOENT' });
  await rm(directory, { recursive: true });
});
