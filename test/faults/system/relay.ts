import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Relay = AsyncDisposable & { readonly address: string };

/** A port that stays, for something whose port changes: the controller is told its replicas once. */
export async function startRelay(targetPort: () => number): Promise<Relay> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(targetPort(), '127.0.0.1');
    const pairs = [
      [client, target],
      [target, client],
    ] as const;
    for (const [from, to] of pairs) {
      open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      open.forEach((socket) => void socket.destroy());
      await closed;
    },
  };
}
