import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A port before a database, which can fall silent: connections stay, are even taken, and nothing comes through. */
export type HangingDatabase = AsyncDisposable & {
  /** The database's own, through this port. */
  readonly url: string;
  readonly hang: () => void;
  /** Cuts what hung; new connections work again. */
  readonly goOn: () => void;
};

export async function startHangingDatabase(databaseUrl: string): Promise<HangingDatabase> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let hangs = false;

  const follow = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on('data', (chunk) => hangs || other.write(chunk));
    // Its close follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = createServer({ noDelay: true }, (client) => {
    const database = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    follow(client, database);
    follow(database, client);
  });
  const cut = () => sockets.forEach((socket) => void socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    hang: () => {
      hangs = true;
    },
    goOn: () => {
      hangs = false;
      cut();
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
