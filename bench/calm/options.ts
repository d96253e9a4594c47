import { parseArgs } from 'node:util';

export const HELP = `Simulates healthy and bad paths through the real decisions: how often a healthy one is rolled back, and how fast a bad one is
found. Beside it, a plain limit on the last minute.

  npm run bench:calm -- [--quick] [--runs N] [--seed S] [--json FILE]

  --runs N      how often each case is simulated (1000; with --quick 40)
  --seed S      where the chances begin (20260101); the same seed gives the same runs
  --quick       4 h instead of 24 h of healthy watching, 1 h instead of 6 h before a late decay
  --json FILE   write what was found there, too
  --help        print this

Exit codes: 0 every promise held, 1 one did not or something broke.
`;

export type CalmOptions = {
  /** How often each case is simulated. */
  readonly runs: number;
  /** How long a healthy path is watched in one run. */
  readonly healthyHours: number;
  /** How long a path is healthy before its late decay. */
  readonly goodHours: number;
  readonly seed: number;
  readonly jsonFile: string | undefined;
  readonly help: boolean;
};

const FULL = { runs: 1_000, healthyHours: 24, goodHours: 6 };
const QUICK = { runs: 40, healthyHours: 4, goodHours: 1 };
const SEED = 20_260_101;

/** @throws TypeError for an argument it does not know, RangeError for a number that is none. */
export function readOptions(args: readonly string[]): CalmOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string' },
      seed: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const preset = values.quick ? QUICK : FULL;
  return {
    ...preset,
    runs: wholeNumber('runs', values.runs, preset.runs, 1),
    seed: wholeNumber('seed', values.seed, SEED, 0),
    jsonFile: values.json,
    help: values.help,
  };
}

function wholeNumber(name: string, text: string | undefined, otherwise: number, least: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`--${name} must be a whole number from ${least}; it is ${text}`);
  }
  return value;
}
