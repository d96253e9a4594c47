import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What the proxy does with bytes on their way: pass them, or do something else instead. */
export type Interference = (chunk: Buffer, connection: { readonly cut: () => void; readonly pass: () => void }) => void;

export type TcpProxy = AsyncDisposable & {
  readonly url: string;
  /** Applies to everything clients send from now on; undefined passes it. */
  toServer: Interference | undefined;
  /** Applies to everything the server answers from now on; undefined passes it. */
  toClient: Interference | undefined;
  /** Cuts all connections and takes no new ones, as when the database is away. */
  readonly goAway: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
};

/** A TCP proxy in front of a database: the place where connections break in tests. */
export async function startTcpProxy(databaseUrl: string): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    const relay = (from: Socket, to: Socket, interference: () => Interference | undefined) =>
      from.on('data', (chunk: Buffer) => {
        const pass = () => to.write(chunk);
        const interfere = interference();
        if (interfere) {
          interfere(chunk, { cut, pass });
        } else {
          pass();
        }
      });
    relay(client, upstream, () => proxy.toServer);
    relay(upstream, client, () => proxy.toClient);
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const goAway = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
    await closed;
  };
  const port = await listen(0);
  const url = new URL(databaseUrl);
  url.port = String(port);
  const proxy: TcpProxy = {
    url: url.href,
    toServer: undefined,
    toClient: undefined,
    goAway,
    comeBack: async () => {
      await listen(port);
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) {
        await goAway();
      }
    },
  };
  return proxy;
}
