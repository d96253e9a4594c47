import { type Check, CheckError, type ConsistencyStore, checkConsistency } from '../../consistency/check.ts';
import { counted, formatCount } from '../../contract/wording/format.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import type { Output } from '../terminal/output.ts';
import { createProgressBar } from '../terminal/progress-bar.ts';

const CODES = {
  unreachable: EXIT.unreachable,
  'not-migrated': EXIT.usage,
  refused: EXIT.unexpected,
  taken: EXIT.refused,
} as const;

type View = {
  readonly output: Output;
  readonly json: boolean;
  readonly stop: AbortSignal;
  readonly nowMs: () => number;
};

/** Shows how far it is on stderr. @returns the finished check. @throws CliError that says how to go on where it is not. */
export async function runCheck(
  store: ConsistencyStore,
  begun: Check,
  { output, json, stop, nowMs }: View,
): Promise<Check> {
  let { progress } = begun;
  const howToGoOn = () =>
    `${formatCount(progress.records)} records are done, with ${counted(progress.findings, 'finding')}. Continue with: sluice consistency check --resume ${begun.id}`;
  using bar = createProgressBar({
    write: output.err,
    isTerminal: process.stderr.isTTY === true,
    columns: () => process.stderr.columns ?? 80,
    nowMs,
    recordsBefore: progress.records,
  });
  try {
    const check = await checkConsistency({
      store,
      check: begun,
      signal: stop,
      onProgress: (now, aboutRecords) => {
        progress = now;
        if (!json) {
          bar.show({ ...now, aboutRecords });
        }
      },
    });
    if (check.isFinished) {
      return check;
    }
  } catch (error) {
    if (error instanceof CheckError && error.kind !== 'taken') {
      throw new CliError(CODES[error.kind], `${error.message} ${howToGoOn()}`);
    }
    throw error;
  }
  throw new CliError(EXIT.unexpected, `Interrupted: ${howToGoOn()}`);
}

export async function findBegun(store: ConsistencyStore, id: string): Promise<Check> {
  const check = await store.find(id);
  if (check === undefined) {
    throw new CliError(EXIT.usage, `--resume is ${id}, and this database has no such check. Start a new one.`);
  }
  if (check.isFinished) {
    const { findings } = check.progress;
    throw new CliError(
      EXIT.refused,
      `Check ${id} is finished, with ${counted(findings, 'finding')}: there is nothing to continue. Start a new one.`,
    );
  }
  return check;
}

export async function inDatabase<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CheckError ? new CliError(CODES[error.kind], error.message) : error;
  }
}
