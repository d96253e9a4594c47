import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Middleware } from 'koa';
import { ExpectedError } from '../expected-error.ts';
import { ignoreLate, systemClock } from '../time.ts';

/** 2,000 characters of notes outside ASCII are 24,000 once percent-encoded: more than Node's own limit on a request's head. */
const HEAD_LIMIT_BYTES = 32 * 1024;
/** How long new connections are still taken, for whoever has not yet seen that this replica is unready. */
const LEAVE_MS = 1_000;
const LEAVE_POLL_MS = 20;
/** A connection that has carried no request for this long after that is closed. */
const IDLE_MS = 500;
/** What has no answer by then gets none: longer than both paths and the look-up together may take. */
const DRAIN_MS = 15_000;

/** So many requests of one connection wait for their answers; a client that sends more is cut off, for all of them arrive in one turn. */
const MOST_UNANSWERED = 16;

export type HttpServer = {
  readonly server: Server;
  /** @returns the port, also where 0 asked for any free one. @throws ExpectedError where it cannot be opened. */
  readonly listen: (port: number, host: string | undefined) => Promise<number>;
  /** Takes no more connections, answers what comes on those there are, and closes each after that. */
  readonly drain: () => Promise<void>;
  /** Cuts every connection. */
  readonly close: () => Promise<void>;
  readonly whileStopping: Middleware;
};

/** @param handle is given after construction, because the application needs `whileStopping`. */
export function createHttpServer(): HttpServer & { readonly handle: (listener: RequestListener) => void } {
  let closing = false;
  const server = createServer({
    maxHeaderSize: HEAD_LIMIT_BYTES,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    // Longer than a load balancer keeps an idle connection, so that it is never us who closes under a request.
    keepAliveTimeout: 75_000,
    // Refused below, in our own words.
    requireHostHeader: false,
  });
  server.on('checkExpectation', (_request, response) => refuse(response, '417 Expectation Failed'));
  server.maxHeadersCount = 100;
  server.on('clientError', answerBadRequest);
  const isTooMany = countUnanswered();

  async function drain(): Promise<void> {
    if (!server.listening) {
      return;
    }
    await systemClock.within(LEAVE_MS, (late) => untilNobodyIsConnected(server, late)).catch(ignoreLate);
    closing = true;
    // Right after the loop has accepted whoever was waiting: closing the listening socket would reset them.
    await nextTurn();
    const closed = once(server, 'close');
    // Not http's own close, which also cuts idle connections: a request may be on its way on one that was just opened.
    NetServer.prototype.close.call(server);
    const idle = setTimeout(() => server.closeIdleConnections(), IDLE_MS);
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(idle);
    clearTimeout(force);
    // Stops the check for slow clients, which would keep the process alive.
    server.close();
  }

  return {
    server,
    handle: (listener) =>
      server.on('request', (request, response) => {
        if (isTooMany(response)) {
          request.socket.destroy();
        } else if (request.headers.host === undefined && request.httpVersion === '1.1') {
          refuse(response, '400 Bad Request');
        } else {
          listener(request, response);
        }
      }),
    listen: async (port, host) => {
      server.listen(port, host);
      await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
        throw new ExpectedError(
          `Port ${port} ${WHY_NOT_OPENED[error.code ?? ''] ?? `cannot be opened: ${error.message}`}.`,
        );
      });
      return (server.address() as AddressInfo).port;
    },
    drain,
    close: async () => {
      if (server.listening) {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }
    },
    whileStopping: (ctx, next) => {
      // Once nobody can come in, each answer shows its client the door; a client that comes again goes elsewhere.
      if (closing) {
        ctx.set('Connection', 'close');
      }
      return next();
    },
  };
}

/** @returns what counts one more request of a connection, and says whether it is one too many, or of one that was cut already. */
function countUnanswered(): (response: ServerResponse) => boolean {
  const unanswered = new WeakMap<Duplex, number>();
  return (response) => {
    const { socket } = response.req;
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    return count > MOST_UNANSWERED || socket.destroyed;
  };
}

/** What is no HTTP, or more of it than allowed, never reaches the application. */
function answerBadRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  const status = STATUS_OF_PARSER_ERROR[error.code ?? ''] ?? '400 Bad Request';
  if (socket.writable) {
    const { body, requestId } = refusal(status);
    socket.end(
      `HTTP/1.1 ${status}\r\nConnection: close\r\nX-Request-Id: ${requestId}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  }
}

/** What Node would answer by itself, without a word of why. */
function refuse(response: ServerResponse, status: string): void {
  const { body, requestId } = refusal(status);
  response.writeHead(Number(status.slice(0, 3)), {
    Connection: 'close',
    'X-Request-Id': requestId,
    'Content-Type': 'application/problem+json',
    'Content-Length': body.length,
  });
  response.end(body);
}

/** Nothing that was sent is repeated: whoever writes no HTTP may write anything. */
function refusal(status: string): { readonly body: string; readonly requestId: string } {
  const requestId = randomUUID();
  const [code, title] = [Number(status.slice(0, 3)), status.slice(4)];
  return { requestId, body: JSON.stringify({ type: 'about:blank', title, status: code, request_id: requestId }) };
}

const WHY_NOT_OPENED: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program. End that one, or choose another port',
  EACCES: 'is not open to this user. Choose one above 1023',
};

const STATUS_OF_PARSER_ERROR: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

async function untilNobodyIsConnected(server: Server, late: AbortSignal): Promise<void> {
  while (!late.aborted && (await openConnections(server)) > 0) {
    await systemClock.sleep(LEAVE_POLL_MS, late);
  }
}

function openConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
