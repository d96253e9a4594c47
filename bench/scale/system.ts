import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoParts, startParts } from '../../src/dev/demo/parts.ts';
import { startTraffic } from '../../src/dev/demo/traffic.ts';
import { startChild } from '../child.ts';

/** One real service with its database and flag server, and as many simulated replicas with its page of metrics as are asked for. */
export type System = AsyncDisposable & {
  readonly parts: DemoParts;
  /** `host:port` of each simulated replica. */
  readonly replicas: readonly string[];
  /** Pages that were asked for so far, and how large one is. */
  readonly pages: () => Promise<{ readonly asked: number; readonly bytes: number }>;
};

/** Enough that counters grow between two looks, and too little to take part in what is measured. */
const PER_SECOND = 20;
const REPLICAS = join(import.meta.dirname, 'replicas.ts');
/** The first requests make the series that only traffic makes. */
const SETTLE_MS = 2_000;

export async function startSystem(count: number, signal: AbortSignal): Promise<System> {
  await using opened = new AsyncDisposableStack();
  const parts = await startParts({ replicas: 1, signal, onProgress: () => {} });
  opened.defer(parts.stop);
  const traffic = startTraffic({ baseUrls: parts.baseUrls, perSecond: PER_SECOND });
  opened.defer(traffic.stop);
  await sleep(SETTLE_MS, undefined, { signal });
  const replicas = opened.use(
    startChild(REPLICAS, { COUNT: String(count), PAGE_URL: `http://${parts.adminAddresses[0]}/metrics` }),
  );
  const ports = await replicas.nextMessage<readonly number[]>(signal);

  const keep = opened.move();
  return {
    parts,
    replicas: ports.map((port) => `127.0.0.1:${port}`),
    pages: async () => {
      const answer = replicas.nextMessage<{ asked: number; bytes: number }>(signal);
      replicas.send({});
      return answer;
    },
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}
