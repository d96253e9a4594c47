import { readFile, writeFile } from 'node:fs/promises';
import { type Arguments, HELP, readArguments } from './arguments.ts';
import { checkWhole } from './check/whole.ts';
import { type Result, runCampaign } from './run/campaign.ts';
import { createProgress } from './run/progress.ts';
import { replay } from './run/replay.ts';
import { createRunner } from './run/runner.ts';
import { describeSummary, type Summary } from './run/summary.ts';
import { Stuck } from './run/watchdog.ts';
import { readSchedule, type Schedule } from './schedule/schedule.ts';
import { startEnvironment } from './system/environment.ts';

const SHRINK_MS = 120_000;
const LARGEST_SEED = 0x7fff_ffff;

type Job =
  | Extract<Arguments, { kind: 'run' }>
  | (Omit<Extract<Arguments, { kind: 'replay' }>, 'source'> & { readonly schedule: Schedule });

/** `npm run test:faults`: see HELP. */
async function main(args: readonly string[]): Promise<number> {
  const read = readArguments(args);
  if (read.kind === 'help') {
    console.log(HELP);
    return 0;
  }
  const job = read.kind === 'replay' ? await loadSchedule(read) : read;
  if (job.kind === 'wrong') {
    console.error(`${job.why}\n\n${HELP}`);
    return 2;
  }
  const summary = await work(job);
  console.log(describeSummary(summary));
  if (job.jsonFile !== undefined) {
    await writeFile(job.jsonFile, `${JSON.stringify(summary, null, 2)}\n`);
  }
  return summary.ok ? 0 : 1;
}

async function loadSchedule({ source, ...read }: Extract<Arguments, { kind: 'replay' }>) {
  const text = source.trimStart().startsWith('{')
    ? source
    : await readFile(source, 'utf8').catch((error: Error) => error);
  const schedule = text instanceof Error ? { wrong: text.message } : readSchedule(text);
  return 'wrong' in schedule
    ? { kind: 'wrong' as const, why: `--replay is no schedule: ${schedule.wrong}` }
    : { ...read, schedule };
}

/** Closing in order might wait for the same thing. Whatever was started ends with this process. */
function endIfStuck(error: Error): never {
  if (error instanceof Stuck) {
    console.error(error.message);
    process.exit(1);
  }
  throw error;
}

async function work(job: Job): Promise<Summary> {
  const progress = createProgress(process.stderr);
  const seed = job.kind === 'run' ? (job.seed ?? Math.floor(Math.random() * LARGEST_SEED)) : undefined;
  progress.say(`starting PostgreSQL, two replicas and the controller${seed === undefined ? '' : `; seed ${seed}`}`);
  const startedMs = performance.now();
  await using stack = new AsyncDisposableStack();
  const environment = stack.use(await startEnvironment());
  const runner = createRunner(environment);
  const run = (schedule: Schedule) => runner(schedule).catch(endIfStuck);
  const { show: onProgress, fail: onFailure } = progress;
  const result: Result =
    job.kind === 'run'
      ? await runCampaign({ ...job, seed: seed as number, shrinkMs: SHRINK_MS, run, onProgress, onFailure })
      : await replay({ ...job, run, onProgress });
  const atEnd = result.failure === undefined ? await checkWhole(environment.database, result.tally.changes) : [];
  progress.end();
  const asked = job.kind === 'run' ? job.runs : 0;
  const isShort = Number.isFinite(asked) && result.tally.schedules < asked;
  return {
    ok: result.failure === undefined && result.missing.length === 0 && atEnd.length === 0 && !isShort,
    atEnd,
    seed,
    asked,
    seconds: (performance.now() - startedMs) / 1_000,
    ...result,
  };
}

process.exitCode = await main(process.argv.slice(2));
