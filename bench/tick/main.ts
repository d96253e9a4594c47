import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWatch } from '../../src/control/watch.ts';
import { readPlan } from '../../src/controller.ts';
import { createScrapeSource } from '../../src/signals/scrape.ts';
import { table } from '../calm/text.ts';
import { quantile } from '../statistics.ts';

const REPLICAS = [2, 10, 100];
const LARGEST = 100;
const WARM_UP = 20;
const TICKS = 60;
const EVERY_MS = 250;
const LIMIT_MS = 200;

/**
 * `npm run bench:tick`: processor time of one look at all replicas, from the request for their metrics to the verdicts, over
 * exporters in a process of their own. Ends with 1 when a look at 100 replicas costs more than 200 ms.
 */
async function main(): Promise<void> {
  const exporters = fork(join(import.meta.dirname, 'exporters.ts'));
  try {
    const [ports] = (await once(exporters, 'message')) as [number[]];
    const rows: string[][] = [];
    for (const replicas of REPLICAS) {
      const costs = (await measure(ports.slice(0, replicas))).toSorted((a, b) => a - b);
      const [p50, p95] = [quantile(costs, 0.5), quantile(costs, 0.95)];
      rows.push([String(replicas), String(costs.length), p50.toFixed(1), p95.toFixed(1)]);
      if (replicas === LARGEST && p95 > LIMIT_MS) {
        process.exitCode = 1;
      }
    }
    console.log(table(['replicas', 'ticks', 'CPU ms, P50', 'CPU ms, P95'], rows));
  } finally {
    exporters.disconnect();
  }
}

/** @returns milliseconds of processor time, of all threads of this process, for each tick. */
async function measure(ports: readonly number[]): Promise<number[]> {
  const plan = await readPlan(join(import.meta.dirname, '../../rollout.yaml'));
  const source = createScrapeSource({
    rollout: plan.rollout,
    targets: ports.map((port) => `127.0.0.1:${port}`),
    timeoutMs: 5_000,
  });
  const watch = createWatch(plan, [source.name], Date.now());
  const costs: number[] = [];
  try {
    for (let tick = 0; tick < WARM_UP + TICKS; tick += 1) {
      const before = process.cpuUsage();
      const reading = await source.read(AbortSignal.timeout(5_000));
      watch.take(source.name, reading, Date.now());
      const { user, system } = process.cpuUsage(before);
      if (reading.kind !== 'read' || reading.replicas.length !== ports.length) {
        throw new Error(`not every replica was read: ${JSON.stringify(reading).slice(0, 300)}`);
      }
      if (tick >= WARM_UP) {
        costs.push((user + system) / 1_000);
      }
      await sleep(EVERY_MS);
    }
  } finally {
    await source.close();
  }
  return costs;
}

await main();
