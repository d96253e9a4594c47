import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Clone, makeClone } from '../support/clone.ts';
import { send } from '../support/http.ts';
import { type LocalOptions, startLocal } from '../support/local.ts';
import { skipBecause } from '../support/skip.ts';

const SKIP =
  process.getuid?.() === 0
    ? false
    : skipBecause('what only root can try: to close a folder to others, and to be one of them');
const NOBODY = { uid: 65_534, gid: 65_534 };
/** Root as in a container that dropped these rights: other users' folders are closed to it too. */
const LIMITED_ROOT = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] as const;

type Command = readonly [string, ...string[]];

/** Starts and stops it twice in one folder. */
async function startsAndKeepsItsData(command: Command, options: LocalOptions): Promise<void> {
  const read = { method: 'GET', path: '/api/v1/records/violations/42' };
  for (const found of ['pending', 'confirmed']) {
    const local = await startLocal(command, options);
    try {
      const { port } = local.tryIt;
      assert.equal((await send({ ...read, port })).json.status, found);
      assert.equal((await send(local.tryIt)).status, 200);
    } finally {
      await local.stop();
    }
  }
}

describe('npm start in a folder that others may not enter', () => {
  let clone: Clone;
  before(async () => {
    clone = await makeClone({ openToOthers: false });
  });
  after(() => clone[Symbol.asyncDispose]());

  const start = (): Command => [clone.node, join(clone.directory, 'src/local.ts')];

  test('keeps its data, and leaves nothing outside that folder', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'sluice-outside-'));
    await chmod(outside, 0o755);
    await startsAndKeepsItsData(start(), { cwd: clone.directory, env: { TMPDIR: outside } });
    // Fails where anything is left in it.
    await rmdir(outside);
  });

  test('keeps its data as a root without the right to enter any folder', {
    skip: SKIP,
  }, async () => {
    await rm(join(clone.directory, '.sluice'), { recursive: true, force: true });
    await startsAndKeepsItsData([...LIMITED_ROOT, ...start()], { cwd: clone.directory });
  });

  test('says in words that a root who may not change its user cannot run it', {
    skip: SKIP,
  }, async () => {
    const command: Command = ['setpriv', '--bounding-set=-setuid', ...start()];
    await assert.rejects(startLocal(command, { cwd: clone.directory }), /Run this as an ordinary user\./);
  });
});

test('npm start as an ordinary user keeps its data, where another user owns the clone', {
  skip: SKIP,
}, async () => {
  await using clone = await makeClone({ openToOthers: true });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-ordinary-user-'));
  try {
    await chown(directory, NOBODY.uid, NOBODY.gid);
    await startsAndKeepsItsData([clone.node, join(clone.directory, 'src/local.ts')], { cwd: directory, ...NOBODY });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
