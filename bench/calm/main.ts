import { writeFile } from 'node:fs/promises';
import { runMain, stopSignal } from '../../src/kit/run-main.ts';
import { listCases } from './cases.ts';
import { measureDeadPath } from './dead-path.ts';
import { type CalmOptions, HELP, readOptions } from './options.ts';
import { simulateAll } from './pool.ts';
import { renderCalm } from './report.ts';
import { brokenPromises, type CalmResults } from './results.ts';
import { seconds } from './text.ts';

/** Far above what a run takes: nothing here may hang. */
const RUN_TIMEOUT_MS = 30 * 60_000;
const PROGRESS_EVERY_MS = 5_000;

/**
 * `npm run bench:calm [-- --quick] [-- --runs N] [-- --seed S] [-- --json FILE]`: how often Sluice rolls a healthy path
 * back, and how fast it finds a bad one. Ends with 1 when a promise did not hold.
 */
async function main(options: CalmOptions, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  const cases = listCases(options);
  const deadPaths = cases
    .filter(({ kind, perSecond }) => kind === 'late' || (kind === 'early' && perSecond === 1))
    .map((simulated) => measureDeadPath(simulated, options.seed));
  const outcomes = await simulateAll(cases, options, progressSince(startedMs), signal);
  const results: CalmResults = {
    options,
    elapsedMs: performance.now() - startedMs,
    cases: cases.map((simulated, at) => ({ simulated, outcomes: outcomes[at] ?? [] })),
    deadPaths,
  };
  if (options.jsonFile !== undefined) {
    await writeFile(options.jsonFile, `${JSON.stringify(results)}\n`);
  }
  console.log(renderCalm(results));
  process.exitCode = brokenPromises(results).length === 0 ? 0 : 1;
}

/** One line that is written over on a terminal, and now and then a new one elsewhere. */
function progressSince(startedMs: number): (doneShare: number) => void {
  let shownMs = Number.NEGATIVE_INFINITY;
  return (doneShare) => {
    const nowMs = performance.now();
    if (nowMs - shownMs < PROGRESS_EVERY_MS && doneShare < 1) {
      return;
    }
    shownMs = nowMs;
    const leftSeconds = (((nowMs - startedMs) / 1_000) * (1 - doneShare)) / doneShare;
    const line = `${(doneShare * 100).toFixed(0)} % simulated, about ${seconds(leftSeconds)} left`;
    process.stderr.write(process.stderr.isTTY && doneShare < 1 ? `\r\u001b[K${line}` : `${line}\n`);
  };
}

await runMain(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
  } else {
    await main(options, AbortSignal.any([stopSignal('SIGHUP'), AbortSignal.timeout(RUN_TIMEOUT_MS)]));
  }
}, '\nThe simulation failed');
