import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import Koa from 'koa';
import { createFakeClock, type FakeClock } from '../../../test/support/fake-clock.ts';
import { until } from '../../dev/until.ts';
import { limitReads } from './limit-reads.ts';
import { createHttpServer, type HttpServer } from './server.ts';

const LARGE = Buffer.alloc(64 * 1024 * 1024);

let clock: FakeClock;
let server: HttpServer;
let url: string;
/** The paths that were let in, in order. */
let begun: string[];
beforeEach(async () => {
  clock = createFakeClock();
  begun = [];
  const app = new Koa();
  app.silent = true;
  app.use(limitReads({ atOnce: 4, burst: 2, everyMs: 10, withinMs: 30_000, clock }));
  app.use((ctx) => {
    begun.push(ctx.path);
    ctx.body = ctx.path === '/large' ? LARGE : 'ok';
  });
  const created = createHttpServer();
  created.handle(app.callback());
  server = created;
  url = `http://127.0.0.1:${await created.listen(0, '127.0.0.1')}`;
});
afterEach(async () => {
  asking.splice(0).forEach((socket) => void socket.destroy());
  await server.close();
});

const asking: Socket[] = [];

/** Asks, and reads nothing of the answer. */
async function askOnly(path: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  asking.push(socket);
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
}
/** The deadlines of answers under way wait too, until they are taken. */
const untilWaiting = (count: number) => until(`${count} wait`, () => clock.waiting() === count);

test('after a quiet time some begin together, the others one after another', async () => {
  const answers = ['/1', '/2', '/3', '/4'].map((path) => fetch(url + path));
  await until('two are let in', () => begun.length === 2);
  await untilWaiting(2);
  await clock.advance(9);
  assert.equal(begun.length, 2);
  await clock.advance(1);
  assert.equal(begun.length, 3);
  await clock.advance(10);
  assert.equal(begun.length, 4);
  assert.deepEqual(new Set((await Promise.all(answers)).map(({ status }) => status)), new Set([200]));
});

test('beyond the limit a reader is refused, with when to ask again, also where the others only wait for their clients', async () => {
  const slow = await Promise.all(Array.from({ length: 4 }, () => askOnly('/large')));
  await untilWaiting(4);
  await clock.advance(20);
  await until('all are let in', () => begun.length === 4);
  const refused = await fetch(`${url}/more`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);

  slow[0]?.destroy();
  await untilWaiting(3);
  await clock.advance(1_000);
  assert.equal((await fetch(`${url}/more`)).status, 200);
  slow.forEach((socket) => void socket.destroy());
  await untilWaiting(0);
});

test('a client that does not take its answer is cut off', async () => {
  const slow = await askOnly('/large');
  slow.pause();
  await untilWaiting(1);
  const closed = once(slow, 'close');
  await clock.advance(29_999);
  assert.equal(clock.waiting(), 1);
  await clock.advance(1);
  slow.resume();
  await closed;
  assert.ok(slow.bytesRead < LARGE.length);
});

test('who leaves before its turn is never let in', async () => {
  const [, , third] = await Promise.all(['/1', '/2', '/3'].map(askOnly));
  await until('two are let in', () => begun.length === 2);
  await untilWaiting(1);
  third?.destroy();
  await untilWaiting(0);
  await clock.advance(100);
  assert.equal(begun.length, 2);
});
