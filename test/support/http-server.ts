import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type TestServer = AsyncDisposable & { readonly server: Server; readonly port: number; readonly url: string };

/** A real HTTP server that answers as a test says; its end cuts who is connected. */
export async function serve(listener: RequestListener, host = '127.0.0.1', port = 0): Promise<TestServer> {
  const server = createServer(listener).listen(port, host);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    server,
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
