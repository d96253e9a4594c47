import { type RecordResult, RepairError } from '../../consistency/repair.ts';
import { formatCount } from '../../contract/wording/format.ts';
import { renderCounts, renderResult, resultInJson } from '../render/repair.ts';
import { type Output, writeJson } from '../terminal/output.ts';

/** What is begun, its results as they come, and what to say before and after them. */
export type Begun = {
  readonly action: 'repair' | 'undo';
  readonly check: string | undefined;
  /** Undefined where none is made. */
  readonly repair: string | undefined;
  readonly apply: boolean;
  readonly records: number;
  readonly results: AsyncIterable<RecordResult>;
  readonly head: string;
  /** What to do next, where anything was, or would be, changed. */
  readonly next: string;
};

const PROGRESS_EACH_MS = 10_000;

type View = {
  readonly output: Pick<Output, 'out' | 'err' | 'paint'>;
  readonly json: boolean;
  readonly nowMs: () => number;
};

/** Shows each result as it comes, or all of them in one document. What was done is printed also where the database went away. */
export async function showResults(begun: Begun, { output, json, nowMs }: View) {
  const { out, err, paint } = output;
  const shown: RecordResult[] = [];
  const counts = new Map<RecordResult['result'], number>();
  let done = 0;
  let printedAtMs = nowMs();
  let failure: RepairError | undefined;
  if (!json) {
    out(`${begun.head}\n`);
  }
  try {
    for await (const result of begun.results) {
      done += 1;
      counts.set(result.result, (counts.get(result.result) ?? 0) + 1);
      if (json) {
        shown.push(result);
      } else if (result.result !== 'done-before') {
        out(renderResult(result, paint));
      }
      if (!json && nowMs() - printedAtMs >= PROGRESS_EACH_MS) {
        printedAtMs = nowMs();
        err(`${formatCount(done)} of ${formatCount(begun.records)} records: ${renderCounts(counts)}\n`);
      }
    }
  } catch (error) {
    if (!(error instanceof RepairError)) {
      throw error;
    }
    failure = error;
  }
  const interrupted = done < begun.records;
  if (json) {
    const { action, check = null, repair = null, apply: applied } = begun;
    writeJson(output, { action, check, repair, applied, interrupted, records: shown.map(resultInJson) });
  } else if (begun.records > 0) {
    const changed = (['would-repair', 'repaired', 'would-undo', 'undone'] as const).some((each) => counts.has(each));
    out(`\n${renderCounts(counts)}.\n${changed ? `${begun.next}\n` : ''}`);
  }
  if (interrupted && !json) {
    err(
      `Ended after ${formatCount(done)} of ${formatCount(begun.records)} records. The same command goes on with the rest.\n`,
    );
  }
  if (failure !== undefined) {
    throw failure;
  }
  return { refused: counts.get('refused') ?? 0, interrupted };
}
