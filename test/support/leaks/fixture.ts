import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import pg from 'pg';

/** A test file that leaves open what LEAVES names: what test/integration/leaks.test.ts runs. */
const connectionString = process.env.SLUICE_TEST_DATABASE_URL;

const LEAVING: Readonly<Record<string, () => unknown>> = {
  nothing: () => {},
  timer: () => setInterval(() => {}, 1_000),
  'child process': () => spawn('sleep', ['60']),
  'detached child process': () => spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).unref(),
  server: () => createServer().listen(0, '127.0.0.1'),
  socket: async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    await once(connect((server.address() as AddressInfo).port, '127.0.0.1'), 'connect');
    server.close();
  },
  pool: () => new pg.Pool({ connectionString }).query('SELECT 1'),
  client: () => new pg.Client({ connectionString }).connect(),
  watch: () => watch('.'),
  'test that hangs': () => new Promise(() => setInterval(() => {}, 1_000)),
};

const leaves = process.env.LEAVES ?? 'nothing';
if (leaves === 'start that fails') {
  let started: { readonly stop: () => void } | undefined;
  before(() => {
    setInterval(() => {}, 1_000);
    throw new Error('a part did not start');
  });
  after(() => (started as { readonly stop: () => void }).stop());
}
if (leaves === 'module that hangs') {
  await new Promise(() => setInterval(() => {}, 1_000));
}
test('leaves something', async () => {
  await LEAVING[leaves]?.();
});
