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
let asking: Socket[];
let answered: string[];
beforeEach(async () => {
  [clock, asking, answered] = [createFakeClock(), [], []];
  const app = new Koa();
  app.silent = true;
  app.use(limitReads({ atOnce: 4, everyMs: 10, bytesPerMs: 1_000, burstMs: 10, withinMs: 30_000, clock }));
  app.use((ctx) => {
    ctx.body = BODIES[ctx.path] ?? '';
  });
  const created = createHttpServer();
  created.handle(app.callback());
  server = created;
  url = `http://127.0.0.1:${await created.listen(0, '127.0.0.1')}`;
});
afterEach(async () => {
  asking.forEach((socket) => void socket.destroy());
  await untilWaiting(0);
  await server.close();
});

const BODIES: Readonly<Record<string, Buffer>> = { '/middle': Buffer.alloc(50_000), '/large': LARGE };

/** Asks, and notes when the answer begins; of a large one it reads no more than that. */
async function ask(path: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  asking.push(socket);
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.once('data', () => {
    answered.push(path);
    socket.pause();
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return socket;
}
/** Each read under way has a deadline, and the next in turn waits for that. */
const untilWaiting = (count: number) => until(`${count} wait`, () => clock.waiting() === count);
const untilAnswered = (count: number) => until(`${count} are answered`, () => answered.length === count);
/** So that what was wrongly sent would have arrived. */
const aMoment = () => fetch(`${url}/x`, { method: 'GET', signal: AbortSignal.timeout(100) }).catch(() => {});

test('after a quiet time two are answered together, the others one after another', async () => {
  await ask('/1');
  await ask('/2');
  await untilAnswered(2);
  await ask('/3');
  await ask('/4');
  await untilWaiting(3);
  await clock.advance(9);
  await aMoment();
  assert.equal(answered.length, 2);
  await clock.advance(1);
  await untilAnswered(3);
  await clock.advance(10);
  await untilAnswered(4);
});

test('a large answer keeps the next one waiting for longer', async () => {
  await ask('/middle');
  await untilAnswered(1);
  await ask('/next');
  await untilWaiting(2);
  await clock.advance(49);
  await aMoment();
  assert.deepEqual(answered, ['/middle']);
  await clock.advance(1);
  await untilAnswered(2);
});

test('beyond the limit a reader is refused, with when to ask again, also where the others only wait for their clients', async () => {
  for (let at = 0; at < 4; at += 1) {
    await ask('/large');
  }
  await untilWaiting(5);
  const refused = await fetch(`${url}/more`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);

  asking[3]?.destroy();
  await untilWaiting(4);
  await ask('/more');
  await untilWaiting(5);
});

test('a client that does not take its answer is cut off', async () => {
  const slow = await ask('/large');
  await untilAnswered(1);
  const closed = new Promise((resolve) => slow.once('close', resolve));
  await clock.advance(29_999);
  assert.equal(clock.waiting(), 1);
  await clock.advance(1);
  slow.resume();
  await closed;
  assert.ok(slow.bytesRead < LARGE.length);
});

test('who leaves before its turn takes none', async () => {
  await ask('/middle');
  await untilAnswered(1);
  const leaving = await ask('/middle');
  await untilWaiting(2);
  await ask('/last');
  await untilWaiting(3);
  leaving.destroy();
  await untilWaiting(2);
  await clock.advance(50);
  await untilAnswered(2);
  assert.deepEqual(answered, ['/middle', '/last']);
});
