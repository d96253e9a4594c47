import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type TcpProxy = AsyncDisposable & {
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** How many connections are open. */
  readonly connections: () => number;
  /** Cuts every connection there is; new ones are taken. */
  readonly cutAll: () => void;
  /** Cuts all connections and takes no new ones, as when what is behind it is away. */
  readonly goAway: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
};

/** Takes care of one connection: what each side sends, and what its end means for the other. @returns what cuts it. */
export type Carry = (client: Socket, upstream: Socket) => () => void;

type Target = { readonly host: string; readonly port: number };

/** A port on loopback that stays. @param target is asked for each connection. */
export async function startTcpProxy(target: () => Target, carry: Carry = carryAll): Promise<TcpProxy> {
  const cuts = new Set<() => void>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...target(), noDelay: true });
    for (const socket of [client, upstream]) {
      // Its close follows, and has all there is to know.
      socket.on('error', () => {});
    }
    const cut = carry(client, upstream);
    cuts.add(cut);
    upstream.on('close', () => cuts.delete(cut));
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const cutAll = () => cuts.forEach((cut) => void cut());
  const goAway = async () => {
    const closed = once(server, 'close');
    server.close();
    cutAll();
    await closed;
  };
  const port = await listen(0);
  return {
    port,
    address: `127.0.0.1:${port}`,
    connections: () => cuts.size,
    cutAll,
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
}

/** Passes everything on; when one side ends, so does the other. */
function carryAll(client: Socket, upstream: Socket): () => void {
  client.pipe(upstream);
  upstream.pipe(client);
  return cutTogether(client, upstream);
}

/** However one side ends, the other is destroyed too. @returns what destroys both. */
export function cutTogether(client: Socket, upstream: Socket): () => void {
  const cut = () => {
    client.destroy();
    upstream.destroy();
  };
  client.on('close', cut);
  upstream.on('close', cut);
  return cut;
}

export function addressIn(url: string): Target {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
