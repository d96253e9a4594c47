import type { Socket } from 'node:net';
import { addressIn, cutTogether, startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** What the proxy does with bytes on their way: pass them, or do something else instead. */
export type Interference = (chunk: Buffer, connection: { readonly cut: () => void; readonly pass: () => void }) => void;

export type DatabaseProxy = TcpProxy & {
  /** The database's own, through the proxy. */
  readonly url: string;
  /** Applies to everything clients send from now on; undefined passes it. */
  toServer: Interference | undefined;
  /** Applies to everything the server answers from now on; undefined passes it. */
  toClient: Interference | undefined;
};

/** A proxy in front of a database: the place where connections break in tests. */
export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const carry = (client: Socket, upstream: Socket) => {
    const cut = cutTogether(client, upstream);
    const pass = (from: Socket, to: Socket, interference: () => Interference | undefined) =>
      from.on('data', (chunk: Buffer) => {
        const interfere = interference() ?? ((_, { pass }) => pass());
        interfere(chunk, { cut, pass: () => void to.write(chunk) });
      });
    pass(client, upstream, () => proxy.toServer);
    pass(upstream, client, () => proxy.toClient);
    return cut;
  };
  const tcp = await startTcpProxy(() => addressIn(databaseUrl), carry);
  const proxy: DatabaseProxy = {
    ...tcp,
    url: throughProxy(databaseUrl, tcp),
    toServer: undefined,
    toClient: undefined,
  };
  return proxy;
}

/** @returns the same URL with the proxy's port. */
export function throughProxy(url: string, { port }: Pick<TcpProxy, 'port'>): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}
