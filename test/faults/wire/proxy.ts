import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFrameReader } from './frames.ts';
import type { Interference } from './interference.ts';
import { createLane } from './lane.ts';
import { createTurns, type Passing } from './turns.ts';

export type DatabaseProxy = AsyncDisposable & {
  readonly url: string;
  /** Cuts every connection there is; new ones are taken. */
  readonly cutAll: () => void;
  /** Waits until nothing is held up any more. */
  readonly untilPassed: () => Promise<void>;
  /**
   * Waits until every server process that was parted from its client has been ended by somebody, and tells those that are left
   * after `withinMs` that their clients are gone. @returns how many these are.
   */
  readonly endParted: (withinMs: number) => Promise<number>;
  /** How many connections are open, for the figures of a failure. */
  readonly connections: () => number;
};

/** A proxy in front of PostgreSQL that knows at which step of a write each connection is. */
export async function startDatabaseProxy(databaseUrl: string, interference: Interference): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const open = new Set<() => void>();
  const parted = new Set<Socket>();
  const holds = new Set<Promise<void>>();
  const hold = (delayMs: number, resume: () => void) => {
    const held = sleep(delayMs).then(() => {
      holds.delete(held);
      resume();
    });
    holds.add(held);
  };
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    const onParted = () => {
      // A server may have gone while something to part it at was still held up.
      if (!upstream.closed) {
        parted.add(upstream);
      }
    };
    const cut = relay({ client, upstream, interference, hold, onParted });
    open.add(cut);
    upstream.on('close', () => {
      open.delete(cut);
      parted.delete(upstream);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  const cutAll = () => open.forEach((cut) => void cut());
  return {
    url: url.href,
    cutAll,
    untilPassed: async () => {
      while (holds.size > 0) {
        await Promise.all(holds);
      }
    },
    endParted: async (withinMs) => {
      const waiting = Array.from(parted);
      const late = AbortSignal.timeout(withinMs);
      await Promise.all(waiting.map((upstream) => once(upstream, 'close', { signal: late }).catch(() => {})));
      const left = waiting.filter((upstream) => parted.has(upstream));
      left.forEach((upstream) => void upstream.end());
      return left.length;
    },
    connections: () => open.size,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      cutAll();
      await closed;
    },
  };
}

type RelayParts = {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly interference: Interference;
  readonly hold: (delayMs: number, resume: () => void) => void;
  readonly onParted: () => void;
};

/** @returns what cuts the connection. */
function relay({ client, upstream, interference, hold, onParted }: RelayParts): () => void {
  const turns = createTurns();
  const readClient = createFrameReader('client');
  const readServer = createFrameReader('server');
  const item = (passing: Passing) => ({
    bytes: passing.bytes,
    ask: () => interference.take(passing.points) ?? (passing.opensTurn ? interference.turnDelay() : undefined),
  });
  // A server gets what was sent before, then the end: it must never hear less than a cut network would have brought it.
  const cut = () => {
    client.destroy();
    upstream.end();
  };
  const onBreak = (kind: 'cut' | 'part') => {
    if (kind === 'part') {
      toServer.breakOff();
      client.destroy();
      onParted();
    } else {
      cut();
    }
  };
  const toServer = createLane({ write: (bytes) => void upstream.write(bytes), hold, onBreak });
  const toClient = createLane({ write: (bytes) => void client.write(bytes), hold, onBreak });

  client.on('data', (chunk: Buffer) => toServer.push(readClient(chunk).map(turns.fromClient).map(item)));
  upstream.on('data', (chunk: Buffer) =>
    toClient.push(
      readServer(chunk)
        .map(turns.fromServer)
        .filter((passing) => passing !== undefined)
        .map(item),
    ),
  );
  client.on('error', () => {});
  upstream.on('error', () => {});
  // What a client sent before it left still arrives, late where it is held up: that is what networks do.
  client.on('close', () => toServer.end(() => upstream.end()));
  upstream.on('close', () => {
    toClient.push([{ bytes: turns.takeAnswer(), ask: () => undefined }]);
    toClient.end(() => client.destroySoon());
  });
  return cut;
}
