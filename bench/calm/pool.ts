import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Case } from './cases.ts';
import type { Outcome } from './simulate.ts';
import type { Job } from './worker.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');
const RUNS_PER_JOB = 25;

/** Simulates every case on all cores. @returns each case's outcomes, in the order of the runs. */
export async function simulateAll(
  cases: readonly Case[],
  { runs, seed }: { readonly runs: number; readonly seed: number },
  progress: (doneShare: number) => void,
  signal: AbortSignal,
): Promise<Outcome[][]> {
  const jobs = cases.flatMap((simulated, caseAt) =>
    splitRuns(runs).map((part) => ({ caseAt, simulated, seed, ...part })),
  );
  const outcomes = cases.map((): Outcome[] => new Array(runs));
  const total = jobs.reduce((sum, job) => sum + cost(job), 0);
  let done = 0;
  const queue = jobs.values();

  async function work(): Promise<void> {
    const worker = new Worker(WORKER);
    try {
      // All workers take from the one iterator, so each job is done once.
      for (const job of queue) {
        worker.postMessage(job);
        const [result] = (await once(worker, 'message', { signal })) as [Outcome[]];
        outcomes[job.caseAt]?.splice(job.first, job.count, ...result);
        done += cost(job);
        progress(done / total);
      }
    } finally {
      await worker.terminate();
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return outcomes;
}

function splitRuns(runs: number): { first: number; count: number }[] {
  return Array.from({ length: Math.ceil(runs / RUNS_PER_JOB) }, (_, at) => ({
    first: at * RUNS_PER_JOB,
    count: Math.min(RUNS_PER_JOB, runs - at * RUNS_PER_JOB),
  }));
}

/** Ticks, roughly: a change is mostly found in minutes, but where there is little traffic. */
const cost = ({ simulated, count }: Job) =>
  count * (simulated.goodTicks + simulated.thens.length * Math.min(simulated.thenTicks, 10_000 / simulated.perSecond));
