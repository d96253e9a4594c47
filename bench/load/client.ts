import { SEEDED_VIOLATIONS } from '../../src/dev/embedded/seed.ts';
import { STATUSES } from '../../src/violations/violation.ts';
import { quantile } from '../statistics.ts';
import { openConnection } from './connection.ts';
import type { LoadMessage, LoadOrder, LoadResult } from './protocol.ts';

/** The load process: one order at a time over IPC, each a closed loop over as many connections as it says. */
const ANSWER_TIMEOUT_MS = 10_000;

process.on('message', async (order: LoadOrder) => {
  try {
    report({ kind: 'measured', result: await run(order) });
  } catch (error) {
    report({ kind: 'failed', why: (error as Error).message });
  }
});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));

function report(message: LoadMessage): void {
  process.send?.(message);
}

async function run({ port, connections, warmUpMs, measureMs }: LoadOrder): Promise<LoadResult> {
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(port, ANSWER_TIMEOUT_MS)));
  try {
    const measureFrom = performance.now() + warmUpMs;
    const measureUntil = measureFrom + measureMs;
    const latenciesMs: number[] = [];
    const timer = setTimeout(() => report({ kind: 'measuring' }), warmUpMs);
    await Promise.all(
      open.map(async (connection) => {
        for (;;) {
          const sentAt = performance.now();
          if (sentAt >= measureUntil) {
            return;
          }
          await connection.put(randomUpdate());
          const answeredAt = performance.now();
          if (answeredAt >= measureFrom && answeredAt < measureUntil) {
            latenciesMs.push(answeredAt - sentAt);
          }
        }
      }),
    ).finally(() => clearTimeout(timer));
    return summarise(Float64Array.from(latenciesMs).sort(), measureMs);
  } finally {
    for (const connection of open) {
      connection.close();
    }
  }
}

function randomUpdate(): string {
  const id = 1 + Math.floor(Math.random() * SEEDED_VIOLATIONS);
  const status = STATUSES[Math.floor(Math.random() * STATUSES.length)];
  return `/api/v1/records/violations/${id}/status?status=${status}&handled_by=bench`;
}

function summarise(sortedMs: Float64Array, measureMs: number): LoadResult {
  return {
    requests: sortedMs.length,
    perSecond: sortedMs.length / (measureMs / 1000),
    meanMs: sortedMs.reduce((sum, ms) => sum + ms, 0) / sortedMs.length,
    p50Ms: quantile(sortedMs, 0.5),
    p95Ms: quantile(sortedMs, 0.95),
    p99Ms: quantile(sortedMs, 0.99),
  };
}
