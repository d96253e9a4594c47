import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadSummary } from '../../../load-tests/lib/summary.ts';
import { findTools } from '../../../src/dev/tools/find.ts';
import { type RunningProcess, startProcess } from '../../../src/dev/tools/process.ts';
import type { SystemOfProcesses } from '../../support/system/system.ts';

const SCRIPTS = join(import.meta.dirname, '../../../load-tests');
/** k6's own: the run went through and a threshold was not kept. */
export const THRESHOLDS_CROSSED = 99;
/** k6's own: the script stopped, in the beginning or in its setup. */
export const SCRIPT_STOPPED = 107;
/** k6's own: a signal ended the run, which is summed up all the same. */
const ENDED_BY_SIGNAL = 105;
/** How long k6 may take to start, to wait for the last answers and to sum up. */
const OVERHEAD_MS = 30_000;
const RATE_PER_SECOND = 80;
/** Longer than any test takes: each ends its load itself. */
const LONGEST_LOAD_SECONDS = 150;

export type ScriptOptions = {
  readonly program: string;
  readonly directory: string;
  /** Of load-tests/, without `.ts`. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** It is killed some time after them. */
  readonly seconds: number;
};

/** How a script ended. */
export type ScriptEnd<Findings = unknown> = {
  readonly code: number | null;
  readonly output: string;
  /** @throws with the output where the script left none. */
  readonly summary: () => LoadSummary & Findings;
};

export type RunningScript<Findings = unknown> = AsyncDisposable & {
  readonly process: RunningProcess;
  readonly ended: Promise<ScriptEnd<Findings>>;
};

let runs = 0;

/** Starts a script of load-tests/ beside the test, which goes on meanwhile; disposing of it ends the script. */
export async function startScript<Findings>(options: ScriptOptions): Promise<RunningScript<Findings>> {
  const { program, directory, script, env, seconds } = options;
  runs += 1;
  const name = `k6-${runs}-${script}`;
  const summaryFile = join(directory, `${name}.json`);
  const process = await startProcess({
    name,
    command: program,
    args: ['run', '--quiet', '--no-usage-report', '--no-color', '--address=', join(SCRIPTS, `${script}.ts`)],
    env: {
      SUMMARY_FILE: summaryFile,
      // The scripts need no extensions; k6 must not go looking for any.
      K6_AUTO_EXTENSION_RESOLUTION: 'false',
      ...env,
    },
    directory,
  });
  const limit = setTimeout(() => void process.kill(), seconds * 1_000 + OVERHEAD_MS);
  const ended = process.exited.then(async ({ code }): Promise<ScriptEnd<Findings>> => {
    clearTimeout(limit);
    const output = await process.output();
    const json = await readFile(summaryFile, 'utf8').catch(() => undefined);
    return {
      code,
      output,
      summary: () => {
        if (json === undefined) {
          throw new Error(`${script} ended with ${code} and no summary:\n${output}`);
        }
        return JSON.parse(json);
      },
    };
  });
  // A test that ends the script early does not ask for it.
  ended.catch(() => {});
  return {
    process,
    ended,
    [Symbol.asyncDispose]: async () => {
      await process.kill();
    },
  };
}

/** Runs a script of load-tests/ and waits for its end. */
export async function runScript<Findings>(options: ScriptOptions): Promise<ScriptEnd<Findings>> {
  await using script = await startScript<Findings>(options);
  return await script.ended;
}

export type RunningLoad = AsyncDisposable & {
  readonly process: RunningProcess;
  /** Ends the load now; what it came to until then. The few requests that are then under way are not in it. */
  readonly finish: () => Promise<LoadSummary>;
};

/** load-tests/steady.ts beside the test: 80 status updates a second, spread over the replicas, until the test ends it. */
export async function startLoad({ directory, replicas }: SystemOfProcesses): Promise<RunningLoad> {
  const load = await startScript({
    program: (await findTools()).require('k6'),
    directory,
    script: 'steady',
    seconds: LONGEST_LOAD_SECONDS,
    env: {
      BASE_URLS: replicas.baseUrls.join(','),
      RATE: String(RATE_PER_SECOND),
      DURATION: `${LONGEST_LOAD_SECONDS}s`,
    },
  });
  return {
    process: load.process,
    finish: async () => {
      await load.process.stop();
      const { code, output, summary } = await load.ended;
      if (code === null || ![0, THRESHOLDS_CROSSED, ENDED_BY_SIGNAL].includes(code)) {
        throw new Error(`k6 did not finish:\n${output}`);
      }
      return summary();
    },
    [Symbol.asyncDispose]: () => load[Symbol.asyncDispose](),
  };
}
