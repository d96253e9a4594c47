import { parseArgs } from 'node:util';

export type Arguments =
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly why: string }
  | {
      readonly kind: 'run';
      /** Infinity with --hours. */
      readonly runs: number;
      readonly limitMs: number;
      /** Undefined: a new one. */
      readonly seed: number | undefined;
      readonly jsonFile: string | undefined;
    }
  | {
      readonly kind: 'replay';
      /** JSON, or the name of a file that holds it. */
      readonly source: string;
      readonly times: number;
      readonly jsonFile: string | undefined;
    };

const DEFAULT_RUNS = 200;
/** 200 schedules in 5 minutes. */
const MS_PER_RUN = 1_500;
const SHORTEST_LIMIT_MS = 60_000;
const HOUR_MS = 3_600_000;
const MOST_RUNS = 1_000_000;
const LARGEST_SEED = 0x7fff_ffff;

export const HELP = `usage: npm run test:faults -- [options]

Writers write to two replicas while a generated schedule of faults runs; after each schedule
every write is accounted for.

  --runs N         so many schedules (${DEFAULT_RUNS}), ${MS_PER_RUN / 1000} s for each at most on average
  --hours N        as many schedules as N hours have room for, instead
  --seed S         the same schedules as another run had; printed by every run
  --replay JSON    one schedule, as a failure printed it, or the name of a file with it
  --times N        with --replay: until it fails, but so many times at most (20)
  --json FILE      the summary's figures, as JSON
  --help

exit codes: 0 all is well, 1 something is wrong, 2 the arguments are`;

const OPTIONS = {
  runs: { type: 'string' },
  hours: { type: 'string' },
  seed: { type: 'string' },
  replay: { type: 'string' },
  times: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export function readArguments(args: readonly string[]): Arguments {
  try {
    return interpret(parseArgs({ args: [...args], options: OPTIONS }).values);
  } catch (error) {
    return { kind: 'wrong', why: (error as Error).message };
  }
}

type Values = { readonly [Name in Exclude<keyof typeof OPTIONS, 'help'>]?: string } & { readonly help?: boolean };

function interpret(values: Values): Arguments {
  if (values.help) {
    return { kind: 'help' };
  }
  if (values.replay !== undefined) {
    exclude(values, 'replay', ['runs', 'hours', 'seed']);
    const times = whole('times', values.times ?? '20', 1, MOST_RUNS);
    return { kind: 'replay', source: values.replay, times, jsonFile: values.json };
  }
  exclude(values, 'times', ['times'], 'only with --replay');
  const seed = values.seed === undefined ? undefined : whole('seed', values.seed, 0, LARGEST_SEED);
  if (values.hours !== undefined) {
    exclude(values, 'hours', ['runs']);
    const limitMs = between('hours', values.hours, 0.01, 240) * HOUR_MS;
    return { kind: 'run', runs: Number.POSITIVE_INFINITY, limitMs, seed, jsonFile: values.json };
  }
  const runs = whole('runs', values.runs ?? String(DEFAULT_RUNS), 1, MOST_RUNS);
  const limitMs = Math.max(SHORTEST_LIMIT_MS, runs * MS_PER_RUN);
  return { kind: 'run', runs, limitMs, seed, jsonFile: values.json };
}

function exclude(values: Values, name: string, others: readonly (keyof Values)[], why = `not with --${name}`): void {
  const other = others.find((candidate) => values[candidate] !== undefined);
  if (other !== undefined) {
    throw new Error(`--${other}: ${why}`);
  }
}

function between(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= min && value <= max)) {
    throw new Error(`--${name} is ${JSON.stringify(text)}; allowed: a number from ${min} to ${max}`);
  }
  return value;
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = between(name, text, min, max);
  if (!Number.isInteger(value)) {
    throw new Error(`--${name} is ${JSON.stringify(text)}; allowed: a whole number from ${min} to ${max}`);
  }
  return value;
}
