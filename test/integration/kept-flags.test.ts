import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createKeptFlags } from '../../src/controller/store/kept-flags.ts';
import { until } from '../../src/dev/until.ts';
import { createControlPool } from '../../src/kit/postgres/pool.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

let system: SystemHere;
let proxy: DatabaseProxy;
let pool: ReturnType<typeof createControlPool>;

beforeEach(async () => {
  system = await startSystem();
  proxy = system.use(await startDatabaseProxy(system.database.url));
  pool = createControlPool({
    application: 'sluice',
    url: proxy.url,
    size: 1,
    queryTimeoutMs: 500,
    onIdleError: () => {},
  });
});
afterEach(async () => {
  await pool.end();
  await system[Symbol.asyncDispose]();
});

const rows = () => system.database.query('SELECT rollout, place, text FROM rollout_flags ORDER BY place, rollout');

test('good flags are kept for each place and rollout, the last ones, and are at hand after a restart', async () => {
  const first = createKeptFlags(pool, 'r', 'file flags.json');
  assert.equal(first.get(), undefined);
  for (const text of ['one', 'two']) {
    assert.equal(first.offer(text), undefined);
  }
  createKeptFlags(pool, 'other', 'file flags.json').offer('theirs');
  await until('both are there', async () => (await rows()).length === 2);
  await until('the last one is kept', async () => (await rows()).some(({ text }) => text === 'two'));
  assert.equal(first.get(), 'two');
  const second = createKeptFlags(pool, 'r', 'file flags.json');
  await until('it is at hand', () => second.get() === 'two');
  const elsewhere = createKeptFlags(pool, 'r', 'file another.json');
  elsewhere.get();
  elsewhere.offer('three');
  await until('a place of its own', async () => (await rows()).length === 3);
});

test('while the database is away nothing waits for it, what is wrong is said, and what was offered is kept once it is back', async () => {
  const kept = createKeptFlags(pool, 'r', 'file flags.json');
  await proxy.goAway();
  kept.offer('one');
  await until('it is said', () => /the database does not keep them either/.test(kept.offer('one') ?? ''));
  assert.equal(kept.get(), undefined);
  await proxy.comeBack();
  await until('it is kept', async () => {
    kept.offer('one');
    return (await rows()).length === 1;
  });
  await until('and no longer wrong', () => kept.offer('one') === undefined);
});
