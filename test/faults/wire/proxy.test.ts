import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { frame, startup } from './frames-fixture.ts';
import { createInterference, type Interference } from './interference.ts';
import { startWireProxy, type WireProxy } from './proxy.ts';

const LEGACY = Buffer.concat([frame('B', '\0legacy-update\0'), frame('E', '\0\0\0\0\0'), frame('S', '')]);
const WRITTEN = Buffer.concat([frame('C', 'INSERT 0 1\0'), frame('Z', 'I')]);
const HELLO = startup('user\0me\0\0');

/** A server that a test speaks for, with the proxy before it and one client connected through both. */
let interference: Interference;
let proxy: WireProxy;
let client: Socket;
let server: Socket;
let close: () => void;

beforeEach(async () => {
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  close = () => void listening.close();
  interference = createInterference();
  const { port } = listening.address() as AddressInfo;
  proxy = await startWireProxy(`postgresql://me@127.0.0.1:${port}/db`, interference);
  client = connect(Number(new URL(proxy.url).port), '127.0.0.1').on('error', () => {});
  client.write(HELLO);
  [server] = (await once(listening, 'connection')) as [Socket];
  server.on('error', () => {});
  assert.deepEqual(await take(server, HELLO.length), HELLO);
});
afterEach(async () => {
  client.destroy();
  server.destroy();
  close();
  await proxy[Symbol.asyncDispose]();
});

async function take(socket: Socket, bytes: number): Promise<Buffer> {
  let taken = Buffer.alloc(0);
  while (taken.length < bytes) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    taken = Buffer.concat([taken, chunk]);
  }
  return taken;
}

test('a write and its answer pass whole', async () => {
  client.write(LEGACY);
  assert.deepEqual(await take(server, LEGACY.length), LEGACY);
  server.write(WRITTEN);
  assert.deepEqual(await take(client, WRITTEN.length), WRITTEN);
});

test('cut before a statement: both sides hear of it, and the server has not got it', async () => {
  interference.arm('legacy-before', { kind: 'cut' }, 1);
  const got: Buffer[] = [];
  server.on('data', (chunk) => got.push(chunk));
  const ended = Promise.all([once(client, 'close'), once(server, 'end')]);
  client.write(LEGACY);
  await ended;
  assert.deepEqual(got, []);
});

test('cut after it was applied: the server has done it, and the client has not heard', async () => {
  interference.arm('legacy-after', { kind: 'cut' }, 1);
  client.write(LEGACY);
  await take(server, LEGACY.length);
  const heard: Buffer[] = [];
  client.on('data', (chunk) => heard.push(chunk));
  server.write(WRITTEN);
  await once(client, 'close');
  assert.deepEqual(heard, []);
});

test('parted: the client is cut, the server hears nothing until the end, and is counted', async () => {
  interference.arm('legacy-after', { kind: 'part' }, 1);
  client.write(LEGACY);
  await take(server, LEGACY.length);
  let hasPassed = false;
  server.on('end', () => {
    hasPassed = true;
  });
  server.write(WRITTEN);
  await once(client, 'close');
  assert.equal(await proxy.endParted(30), 1);
  await once(server, 'close');
  assert.equal(hasPassed, true);
  assert.equal(await proxy.endParted(0), 0);
});

test('parted, and ended by somebody: nothing is left', async () => {
  interference.arm('legacy-before', { kind: 'part' }, 1);
  client.write(LEGACY);
  await once(client, 'close');
  const left = proxy.endParted(5_000);
  server.destroy();
  assert.equal(await left, 0);
});

test('what a client sent before it left arrives late, and only then the end of it', async () => {
  interference.arm('legacy-before', { kind: 'delay', delayMs: 40 }, 1);
  client.end(LEGACY);
  await once(client, 'close');
  assert.deepEqual(await take(server, LEGACY.length), LEGACY);
  await Promise.all([once(server, 'end'), proxy.untilPassed()]);
});
