import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SERIES, type Series } from './series.ts';

export const HELP = `Breaks the domain path again and again, and measures how long it takes until nobody serves it any more.

  npm run bench:reaction -- [--breaches N] [--rounds N] [--only TEXT] [--baseline DIR] [--json FILE]

  --breaches N   how often each path is broken (20)
  --rounds N     in how many turns, so that all of them meet what else the machine does (1; 4 with a baseline)
  --only TEXT    only the series whose name contains TEXT, or one of several with commas between:
${SERIES.map(({ name }) => `                   ${name}`).join('\n')}
  --baseline DIR measure service and controller of the tree in DIR too, in turns with those of this one
  --json FILE    write what was measured there, too
  --help         print this

Series with Prometheus or Alertmanager need those programs (scripts/e2e-tools finds or installs them); without, they are left out.
All of it takes about 60 minutes, with a baseline twice as long. Where it breaks off, it prints what it has. Exit codes: 0 every target was met, 1 one was not or something broke.
`;

export type ReactionOptions = {
  readonly breaches: number;
  readonly rounds: number;
  readonly only: readonly string[];
  /** The folder of the older tree's service and controller. */
  readonly baseline: string | undefined;
  readonly jsonFile: string | undefined;
  readonly help: boolean;
};

/** Whether a series is one of those that were asked for. */
export const isOneOf =
  (only: readonly string[]) =>
  ({ name }: Series): boolean =>
    only.some((text) => name.includes(text));

/** @throws TypeError for an argument it does not know, RangeError for a number that is none. */
export function readOptions(args: readonly string[]): ReactionOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      breaches: { type: 'string', default: '20' },
      rounds: { type: 'string' },
      baseline: { type: 'string' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const breaches = wholeNumber('--breaches', values.breaches);
  const rounds = wholeNumber('--rounds', values.rounds ?? (values.baseline === undefined ? '1' : '4'));
  const baseline = values.baseline === undefined ? undefined : join(values.baseline, 'src');
  if (baseline !== undefined && !existsSync(join(baseline, 'controller.ts'))) {
    throw new RangeError(`--baseline ${values.baseline} is no tree of Sluice: it has no src/controller.ts`);
  }
  const only = values.only.split(',');
  if (!SERIES.some(isOneOf(only))) {
    throw new RangeError(
      `--only ${values.only} names no series; there are: ${SERIES.map(({ name }) => name).join(', ')}`,
    );
  }
  return {
    breaches,
    rounds: Math.min(rounds, breaches),
    baseline,
    only,
    jsonFile: values.json,
    help: values.help,
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name} must be a whole number from 1; it is ${text}`);
  }
  return value;
}
