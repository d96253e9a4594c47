import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain, stopSignal } from '../src/kit/run-main.ts';
import { startChild } from './child.ts';
import { measureDecision } from './decision/run.ts';
import { startEnvironment } from './environment.ts';
import { type BenchOptions, readOptions } from './options.ts';
import { residentBytes } from './processes.ts';
import { readFacts } from './report/facts.ts';
import { renderResults } from './report/markdown.ts';
import type { Memory, Results } from './report/results.ts';
import { runRounds } from './rounds.ts';
import { type RunningVariant, startVariant, VARIANTS } from './variants.ts';

/** Far above what a run takes: nothing here may hang. */
const RUN_TIMEOUT_MS = 15 * 60_000;
const LOAD_CLIENT = join(import.meta.dirname, 'load/client.ts');

/** `npm run bench [-- --quick] [-- --json FILE]`: Sluice beside the smallest handler that does the same, on loopback only. */
async function main(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const results = await measure(options, signal);
  if (options.jsonFile !== undefined) {
    await writeFile(options.jsonFile, `${JSON.stringify(results, null, 2)}\n`);
  }
  console.log(renderResults(results));
}

async function measure(options: BenchOptions, signal: AbortSignal): Promise<Results> {
  await using opened = new AsyncDisposableStack();
  progress('starting PostgreSQL, the flag server and the variants');
  const environment = opened.use(await startEnvironment());
  signal.throwIfAborted();
  progress('measuring one decision');
  const decision = await measureDecision(environment, options.decisionIterations, signal);

  const variants: RunningVariant[] = [];
  for (const name of VARIANTS) {
    variants.push(await startVariant(name, environment, opened, signal));
  }
  const load = opened.use(startChild(LOAD_CLIENT, {}));
  progress('warming up');
  const warmUp = { ...options, rounds: 1, connectionCounts: [50], measureMs: options.firstWarmUpMs };
  await runRounds({ variants, load, environment, options: warmUp, progress: () => {}, signal });
  const turns = await runRounds({ variants, load, environment, options, progress, signal });
  const memory = await Promise.all(variants.map((variant) => readMemory(variant, signal)));
  progress('stopping');
  return { facts: readFacts(environment.postgresVersion, new Date()), options, turns, decision, memory };
}

async function readMemory({ name, pid, heapUsedBytes }: RunningVariant, signal: AbortSignal): Promise<Memory> {
  return { variant: name, residentBytes: await residentBytes(pid), heapUsedBytes: await heapUsedBytes(signal) };
}

/** One line that is written over on a terminal. */
function progress(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
}

await runMain(
  () =>
    main(
      readOptions(process.argv.slice(2)),
      AbortSignal.any([stopSignal('SIGHUP'), AbortSignal.timeout(RUN_TIMEOUT_MS)]),
    ),
  '\nThe bench failed',
);
