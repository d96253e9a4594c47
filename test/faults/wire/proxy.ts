import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { throughProxy } from '../../support/database-proxy.ts';
import { addressIn, startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { createFrameReader } from './frames.ts';
import type { Interference } from './interference.ts';
import { createLane } from './lane.ts';
import { createTurns, type Passing } from './turns.ts';

export type WireProxy = TcpProxy & {
  readonly url: string;
  /** Waits until nothing is held up any more. */
  readonly untilPassed: () => Promise<void>;
  /**
   * Waits until every server process that was parted from its client has been ended by somebody, and lets those that are left know
   * after `withinMs` that their clients are gone. @returns how many these are.
   */
  readonly endParted: (withinMs: number) => Promise<number>;
};

/** A proxy in front of PostgreSQL that knows at which step of a write each connection is. */
export async function startWireProxy(databaseUrl: string, interference: Interference): Promise<WireProxy> {
  const parted = new Set<Socket>();
  const holds = new Set<Promise<void>>();
  const hold = (delayMs: number, resume: () => void) => {
    const held = sleep(delayMs).then(() => {
      holds.delete(held);
      resume();
    });
    holds.add(held);
  };
  const tcp = await startTcpProxy(
    () => addressIn(databaseUrl),
    (client, upstream) => {
      const onParted = () => {
        // A server may have gone while something to part it at was still held up.
        if (!upstream.closed) {
          parted.add(upstream);
        }
      };
      upstream.on('close', () => parted.delete(upstream));
      return relay({ client, upstream, interference, hold, onParted });
    },
  );
  return {
    ...tcp,
    url: throughProxy(databaseUrl, tcp),
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
  // What a client sent before it left still arrives, late where it is held up: that is what networks do.
  client.on('close', () => toServer.end(() => upstream.end()));
  upstream.on('close', () => {
    toClient.push([{ bytes: turns.takeAnswer(), ask: () => undefined }]);
    toClient.end(() => client.destroySoon());
  });
  return cut;
}
