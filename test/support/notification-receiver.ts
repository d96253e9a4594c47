import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = { readonly path: string; readonly key: string | undefined; readonly body: string };

export type Receiver = AsyncDisposable & {
  readonly url: string;
  /** What was taken with 200, the oldest first. */
  readonly received: readonly Received[];
  /** How many requests came, answered or not. */
  readonly asked: () => number;
  /** Instead of 200; undefined takes everything. */
  instead: ((response: ServerResponse) => void) | undefined;
};

/** A real HTTP server that takes notifications, or does not. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let asked = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) {
      body += chunk;
    }
    asked += 1;
    if (receiver.instead !== undefined) {
      return receiver.instead(response);
    }
    received.push({ path: request.url ?? '', key: request.headers['idempotency-key'] as string | undefined, body });
    response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    asked: () => asked,
    instead: undefined,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return receiver;
}
