import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readArguments } from './arguments.ts';
import { replay } from './replay.ts';
import type { Found } from './worker.ts';

/** Simulates worlds until the time is up, or the hours are reached, and ends at the first promise that is not kept. */
const WORKER = join(import.meta.dirname, 'worker.ts');
const asked = readArguments(process.argv.slice(2));

if (asked.kind === 'replay') {
  process.exitCode = await replay(asked);
} else {
  const startedAt = performance.now();
  console.log(
    `Simulating from seed ${asked.seed}${asked.hours === undefined ? ` for ${asked.seconds} s` : ` until ${asked.hours} h`}.`,
  );
  const workers = Array.from({ length: Math.min(2, availableParallelism()) }, (_, at) =>
    fork(WORKER, [], { env: { ...process.env, FIRST_SEED: String(asked.seed + at), STEP: '2' } }),
  );
  const totals = { hours: 0, worlds: 0 };
  const end = (): void => {
    for (const worker of workers) {
      worker.kill();
    }
  };
  const timer = setTimeout(end, asked.hours === undefined ? asked.seconds * 1_000 : 24 * 3_600_000);
  for (const worker of workers) {
    worker.on('message', (found: Found) => {
      totals.hours += found.simulatedMs / 3_600_000;
      totals.worlds += 1;
      if (found.failure !== undefined) {
        console.log(found.failure);
        process.exitCode = 1;
        end();
      } else if (asked.hours !== undefined && totals.hours >= asked.hours) {
        end();
      }
    });
  }
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
  clearTimeout(timer);
  const minutes = (performance.now() - startedAt) / 60_000;
  console.log(
    `${totals.worlds} worlds, ${Math.round(totals.hours).toLocaleString('en')} simulated hours in ${minutes.toFixed(1)} min, ${Math.round(totals.hours / minutes).toLocaleString('en')} simulated hours a minute.`,
  );
}
