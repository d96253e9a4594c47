import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadSummary } from '../../../load-tests/lib/summary.ts';
import { type RunningProcess, startProcess } from './processes.ts';

const SCRIPT = join(import.meta.dirname, '../../../load-tests/steady.ts');
/** k6's own: the run went through and a threshold was not kept. */
const THRESHOLDS_CROSSED = 99;
/** k6's own: a signal ended the run, which is summed up all the same. */
const ENDED_BY_SIGNAL = 105;
/** How long k6 may take to start, to wait for the last answers and to sum up. */
const OVERHEAD_MS = 30_000;

export type LoadOptions = {
  readonly program: string;
  readonly directory: string;
  readonly baseUrls: readonly string[];
  readonly ratePerSecond: number;
  readonly seconds: number;
};

export type RunningLoad = AsyncDisposable & {
  readonly process: RunningProcess;
  /** What the whole run came to. Rejects, with k6's output, when it did not go through. */
  readonly summary: Promise<LoadSummary>;
  /** Ends the load now; what it came to until then. The few requests that are then under way are not in it. */
  readonly finish: () => Promise<LoadSummary>;
};

let runs = 0;

/** Starts load-tests/steady.ts beside the test, which goes on meanwhile; disposing of it ends the load. */
export async function startLoad(options: LoadOptions): Promise<RunningLoad> {
  const { program, directory, baseUrls, ratePerSecond, seconds } = options;
  runs += 1;
  const name = `k6-${runs}`;
  const summaryFile = join(directory, `${name}.json`);
  const process = await startProcess({
    name,
    command: program,
    args: ['run', '--quiet', '--no-usage-report', '--no-color', '--address=', SCRIPT],
    env: {
      BASE_URLS: baseUrls.join(','),
      RATE: String(ratePerSecond),
      DURATION: `${seconds}s`,
      SUMMARY_FILE: summaryFile,
      // The script needs no extensions; k6 must not go looking for any.
      K6_AUTO_EXTENSION_RESOLUTION: 'false',
    },
    directory,
  });
  const limit = setTimeout(() => void process.kill(), seconds * 1_000 + OVERHEAD_MS);
  const usual = [0, THRESHOLDS_CROSSED];
  const summary = process.exited.then(async ({ code }): Promise<LoadSummary> => {
    clearTimeout(limit);
    if (code === null || !usual.includes(code)) {
      throw new Error(`k6 did not finish:\n${await process.output()}`);
    }
    return JSON.parse(await readFile(summaryFile, 'utf8'));
  });
  // A test that ends the load early does not ask for it.
  summary.catch(() => {});
  return {
    process,
    summary,
    finish: async () => {
      usual.push(ENDED_BY_SIGNAL);
      await process.stop();
      return summary;
    },
    [Symbol.asyncDispose]: async () => {
      await process.kill();
    },
  };
}

/** Runs load-tests/steady.ts and waits for its summary. */
export async function runLoad(options: LoadOptions): Promise<LoadSummary> {
  await using load = await startLoad(options);
  return await load.summary;
}
