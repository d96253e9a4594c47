import { type Document, isMap, isPair, type LineCounter, type Node } from 'yaml';
import { ExpectedError } from '../kit/expected-error.ts';
import { inWords, type Wrong } from '../kit/schema-errors.ts';

/** Keys and positions, from the top of the plan down to what is meant. */
export type Place = readonly (string | number)[];

export type PlanProblem = { readonly line: number; readonly message: string };

/** What is wrong with a plan, one line of text for each problem. */
export class PlanError extends ExpectedError {
  override readonly name = 'PlanError';
  readonly problems: readonly PlanProblem[];

  constructor(problems: readonly PlanProblem[], file = 'the plan') {
    super(problems.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

export function describeWrongs(wrongs: readonly Wrong[], lineOf: (place: Place) => number): PlanProblem[] {
  return wrongs
    .map((wrong) => {
      const place = wrong.at.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
      return {
        line: lineOf(wrong.kind === 'unknown' ? [...place, wrong.key] : place),
        message: `${inWords(wrong, 'the plan')}.`,
      };
    })
    .sort((a, b) => a.line - b.line);
}

/** The line of the node at `path`, or of the nearest one above it that exists. */
export function lineAt(document: Document, lines: LineCounter, path: Place): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const start = startOf(document, path.slice(0, length));
    if (start !== undefined) {
      return lines.linePos(start).line;
    }
  }
  return 1;
}

function startOf(document: Document, path: Place): number | undefined {
  const parent = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && String(item.key) === String(path.at(-1)));
    return (pair?.key as Node | undefined)?.range?.[0];
  }
  return (document.getIn(path, true) as Node | undefined)?.range?.[0];
}
