import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { send } from '../support/http.ts';
import { spawnLocal, startLocal } from '../support/local.ts';

test('npm start brings everything up; its curl line works, an edited flag counts within 200 ms, Ctrl-C ends it all', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-local-'));
  const local = await startLocal([process.execPath, resolve('src/local.ts')], { cwd: directory });
  try {
    const { flagsFile } = local;
    const runCurl = () => send(local.tryIt);

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
    await local.stop();
  }
  await assert.rejects(readFile(join(directory, '.sluice/postgres/data/postmaster.pid')), { code: 'ENOENT' });
  await assert.rejects(readFile(join(directory, '.sluice/database-url')), { code: 'ENOENT' });
  await rm(directory, { recursive: true });
});

test('Ctrl-C while npm start prepares its database ends it in order, and the next start works', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-local-'));
  const command = [process.execPath, resolve('src/local.ts')] as const;
  const interrupted = spawnLocal(command, { cwd: directory });
  await interrupted.untilPrinted(/Starting PostgreSQL/);
  await interrupted.stop();
  assert.doesNotMatch(interrupted.said(), /is running/);

  const local = await startLocal(command, { cwd: directory });
  await local.stop();
  await rm(directory, { recursive: true });
});
