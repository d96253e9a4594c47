import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { FlagWrite } from '../../src/controller/engine/ports.ts';
import { createFileLever } from '../../src/controller/levers/file-lever.ts';
import { systemClock as clock } from '../../src/kit/time.ts';

const FLAG = 'violation-status-domain-percent';
const GOOD = { state: 'ENABLED', variants: { off: 0, p5: 5, p25: 25 }, defaultVariant: 'p25' };
const jsonOf = (changes: object = {}) => `${JSON.stringify({ flags: { [FLAG]: { ...GOOD, ...changes } } }, null, 2)}\n`;
const never = new AbortController().signal;
const to = (percent: number, expected: number | undefined): FlagWrite => ({
  percent,
  expected,
  leaseUntilMs: undefined,
});

async function flagsIn(mode: number) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-file-'));
  const file = join(folder, 'flags.json');
  await writeFile(file, jsonOf());
  await chmod(file, 0o666);
  await chmod(folder, mode);
  return {
    folder,
    file,
    lever: createFileLever({ file, flag: FLAG, clock }),
    held: () => readFile(file, 'utf8'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/** Mounts a file over another, or itself, as container engines mount single files; undefined where that is not permitted. */
function mountOver(file: string, outside = file): Disposable | undefined {
  try {
    execFileSync('mount', ['--bind', outside, file], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { [Symbol.dispose]: () => void execFileSync('umount', [file], { stdio: 'ignore' }) };
}

/** As somebody whom folders' modes bind, which they do not bind root. */
function unprivileged(): Disposable {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    process.seteuid?.(65_534);
  }
  return { [Symbol.dispose]: () => void (isRoot && process.seteuid?.(0)) };
}

describe('a flags file that is a mount point', () => {
  test('is written in place, which the rehearsal says before, and beside it is only what is kept', async (t) => {
    await using at = await flagsIn(0o755);
    assert.deepEqual(await at.lever.rehearse(never), { kind: 'works', way: 'replace' });
    using mounted = mountOver(at.file);
    if (mounted === undefined) {
      t.skip('mounting is not permitted here');
      return;
    }
    const before = await stat(at.file);
    assert.deepEqual(await at.lever.rehearse(never), { kind: 'works', way: 'in-place' });
    assert.deepEqual(await at.lever.write(to(0, 25), never), { kind: 'written' });
    assert.equal(await at.held(), jsonOf({ defaultVariant: 'off' }));
    assert.deepEqual(await at.lever.write(to(5, 0), never), { kind: 'written' });
    assert.equal(await at.held(), jsonOf({ defaultVariant: 'p5' }));
    assert.equal((await stat(at.file)).ino, before.ino);
    assert.deepEqual(await readdir(at.folder), ['flags.json', 'flags.json.last-good']);
  });
});

test('a flags file that is mounted and replaced outside is not the one that flagd reads: it fails by name', async (t) => {
  await using at = await flagsIn(0o755);
  const outside = join(at.folder, 'outside.json');
  await writeFile(outside, jsonOf());
  using mounted = mountOver(at.file, outside);
  if (mounted === undefined) {
    t.skip('mounting is not permitted here');
    return;
  }
  assert.equal((await at.lever.read(never)).kind, 'read');
  await writeFile(`${outside}.new`, jsonOf({ defaultVariant: 'p5' }));
  await rename(`${outside}.new`, outside);
  const [read, rehearsed] = [await at.lever.read(never), await at.lever.rehearse(never)];
  const written = await at.lever.write(to(0, undefined), never);
  for (const text of [JSON.stringify(read), JSON.stringify(rehearsed), JSON.stringify(written)]) {
    assert.match(text, /was replaced or deleted outside/);
  }
  assert.deepEqual([read.kind, rehearsed.kind, written.kind], ['unreachable', 'fails', 'refused']);
});

describe('a flags file of another user, who alone may read it beside our group', () => {
  const asGroup = (): Disposable => {
    process.setegid?.(65_534);
    const user = unprivileged();
    return {
      [Symbol.dispose]: () => {
        user[Symbol.dispose]();
        process.setegid?.(0);
      },
    };
  };

  for (const [mode, way] of [
    [0o660, 'in-place'],
    [0o664, 'replace'],
    [0o640, 'replace'],
  ] as const) {
    test(`of mode ${mode.toString(8)} is written so that its owner, or its group at least, can read it: ${way}`, async (t) => {
      if (process.getuid?.() !== 0) {
        t.skip('there is only one user here');
        return;
      }
      await using at = await flagsIn(0o777);
      await chown(at.file, 1_234, 65_534);
      await chmod(at.file, mode);
      using _group = asGroup();
      const rehearsed = await at.lever.rehearse(never);
      assert.equal(rehearsed.kind === 'works' && rehearsed.way, way);
      assert.deepEqual(await at.lever.write(to(0, undefined), never), { kind: 'written' });
      const now = await stat(at.file);
      assert.deepEqual([now.uid === 1_234, now.gid, now.mode & 0o777], [way === 'in-place', 65_534, mode]);
      assert.equal(await at.held(), jsonOf({ defaultVariant: 'off' }));
    });
  }
});

describe('a flags file in a folder that cannot be written', () => {
  for (const [what, mode] of [
    ['by its mode', 0o555],
    ['because it is sticky and the file is of another user', 0o1777],
  ] as const) {
    test(`${what}, is written in place, which the rehearsal says before`, async (t) => {
      await using at = await flagsIn(mode);
      if (mode === 0o1777 && process.getuid?.() !== 0) {
        t.skip('there is only one user here');
        return;
      }
      using _user = unprivileged();
      const rehearsed = await at.lever.rehearse(never);
      assert.equal(rehearsed.kind === 'works' && rehearsed.way, 'in-place');
      assert.deepEqual(await at.lever.write(to(0, 25), never), { kind: 'written' });
      assert.equal(await at.held(), jsonOf({ defaultVariant: 'off' }));
    });
  }

  test('and that cannot be written either, fails by name, in the rehearsal and as a rollback', async () => {
    await using at = await flagsIn(0o555);
    await chmod(at.file, 0o444);
    using _user = unprivileged();
    const rehearsed = await at.lever.rehearse(never);
    const written = await at.lever.write(to(0, 25), never);
    for (const text of [
      rehearsed.kind === 'fails' ? rehearsed.why : '',
      written.kind === 'refused' ? written.problems.join() : '',
    ]) {
      assert.match(text, /flags\.json: it can neither be replaced \(EACCES.*\) nor written in place \(EACCES.*\)$/);
    }
    assert.equal(await at.held(), jsonOf());
  });

  test('is still raised over nobody', async () => {
    await using at = await flagsIn(0o555);
    using _user = unprivileged();
    await writeFile(at.file, jsonOf({ defaultVariant: 'off' }));
    assert.equal((await at.lever.write(to(25, 5), never)).kind, 'conflict');
    assert.equal(await at.held(), jsonOf({ defaultVariant: 'off' }));
  });
});

/** Reads a file as fast as it can until asked to stop, and says which percents it saw, and texts that are no JSON. */
const READER = `
  const { readFileSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  const seen = new Set();
  let reads = 0;
  parentPort.postMessage('reading');
  while (Atomics.load(workerData.ended, 0) === 0) {
    const text = readFileSync(workerData.file, 'utf8');
    reads += 1;
    try { seen.add(Object.values(JSON.parse(text).flags)[0].defaultVariant); } catch { seen.add('broken: ' + text); }
  }
  parentPort.postMessage({ seen: [...seen].sort(), reads });`;

test('who reads a file while it is written in place finds whole flags, longer and shorter ones', async () => {
  await using at = await flagsIn(0o555);
  using _user = unprivileged();
  const ended = new Int32Array(new SharedArrayBuffer(4));
  const reader = new Worker(READER, { eval: true, workerData: { file: at.file, ended } });
  await once(reader, 'message');
  for (let round = 0; round < 200; round += 1) {
    assert.deepEqual(await at.lever.write(to(0, undefined), never), { kind: 'written' });
    assert.deepEqual(await at.lever.write(to(25, 0), never), { kind: 'written' });
  }
  const report = once(reader, 'message');
  Atomics.store(ended, 0, 1);
  const [{ seen, reads }] = await report;
  await once(reader, 'exit');
  assert.deepEqual(seen, ['off', 'p25']);
  assert.ok(reads > 400);
});
