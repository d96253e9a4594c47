import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTraffic } from './traffic.ts';

const PER_SECOND = 100;

test('what a process slept through is not sent all at once, and an answer that fails says why', async () => {
  const server = createServer((request) => void request.socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const traffic = startTraffic({ baseUrls: [`http://127.0.0.1:${port}`], perSecond: PER_SECOND });
  try {
    const wokeAt = performance.now() + 1_000;
    while (performance.now() < wokeAt) {
      // Busy, as a process that gets no turn is.
    }
    await sleep(100);
  } finally {
    await traffic.stop();
    server.close();
  }
  assert.ok(traffic.answers.length > 0 && traffic.answers.length < PER_SECOND / 2, `${traffic.answers.length} sent`);
  assert.ok(traffic.answers.every(({ status, failure }) => status === undefined && failure !== undefined));
});
