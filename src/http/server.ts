import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Middleware } from 'koa';
import { answerUnavailable } from './middleware.ts';

/** 2,000 characters of notes outside ASCII are 24,000 once percent-encoded: more than Node's own limit on a request's head. */
const HEAD_LIMIT_BYTES = 32 * 1024;
/** How long clients that keep connections are served on, each answer telling them to close. */
const LEAVE_MS = 1_000;
/** What has no answer by then gets none: longer than both paths and the look-up together may take. */
const DRAIN_MS = 15_000;

export type HttpServer = {
  readonly server: Server;
  /** @returns the port, also where 0 asked for any free one. */
  readonly listen: (port: number) => Promise<number>;
  /** Stops taking requests, lets those under way finish, and closes every connection. */
  readonly drain: () => Promise<void>;
  readonly whileStopping: Middleware;
};

/** @param handle is given after construction, because the application needs `whileStopping`. */
export function createHttpServer(): HttpServer & { readonly handle: (listener: RequestListener) => void } {
  let phase: 'serving' | 'leaving' | 'refusing' = 'serving';
  const server = createServer({
    maxHeaderSize: HEAD_LIMIT_BYTES,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    // Longer than a load balancer keeps an idle connection, so that it is never us who closes under a request.
    keepAliveTimeout: 75_000,
  });
  server.maxHeadersCount = 100;

  async function drain(): Promise<void> {
    if (!server.listening) {
      return;
    }
    phase = 'leaving';
    if ((await openConnections(server)) > 0) {
      await sleep(LEAVE_MS);
    }
    phase = 'refusing';
    const closed = once(server, 'close');
    server.close();
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(force);
  }

  return {
    server,
    handle: (listener) => server.on('request', listener),
    listen: async (port) => {
      server.listen(port);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
    drain,
    whileStopping: (ctx, next) => {
      if (phase === 'serving') {
        return next();
      }
      ctx.set('Connection', 'close');
      if (phase === 'leaving') {
        return next();
      }
      answerUnavailable(ctx, 'This replica is shutting down.');
      return;
    },
  };
}

function openConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
