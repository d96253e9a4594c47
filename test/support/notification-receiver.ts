import type { ServerResponse } from 'node:http';
import { serve } from './http-server.ts';

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
  const server = await serve(async (request, response) => {
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
  const receiver: Receiver = {
    url: server.url,
    received,
    asked: () => asked,
    instead: undefined,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return receiver;
}
