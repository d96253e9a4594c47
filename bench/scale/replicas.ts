import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf } from '../../src/dev/tools/http.ts';

/**
 * Replicas as a controller and Prometheus see them: `COUNT` ports, each with the page of one real service, `PAGE_URL`, at most
 * this old. IPC: sends the ports, then answers any message with how often a page was asked for.
 */
const REFRESH_MS = 50;
const url = process.env.PAGE_URL as string;
const type = 'text/plain; version=0.0.4; charset=utf-8';

let page = await bodyOf(url);
let asked = 0;

const ports = await Promise.all(
  Array.from({ length: Number(process.env.COUNT) }, async () => {
    const server = createServer((_request, response) => {
      asked += 1;
      response.setHeader('Content-Type', type);
      response.end(page);
    }).listen(0, '127.0.0.1');
    // Prometheus asks every few seconds: a connection that is closed in between would be made anew each time.
    server.keepAliveTimeout = 60_000;
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }),
);
process.on('message', () => process.send?.({ asked, bytes: Buffer.byteLength(page) }));
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
process.send?.(ports);
for (;;) {
  await sleep(REFRESH_MS);
  page = await bodyOf(url).catch(() => page);
}
