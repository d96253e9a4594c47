import { parseArgs } from 'node:util';
import { SERIES } from './series.ts';

export const HELP = `Breaks the domain path again and again, and measures how long it takes until nobody serves it any more.

  npm run bench:reaction -- [--breaches N] [--only TEXT] [--json FILE]

  --breaches N   how often each path is broken (20)
  --only TEXT    only the series whose name contains TEXT:
${SERIES.map(({ name }) => `                   ${name}`).join('\n')}
  --json FILE    write what was measured there, too
  --help         print this

Series with Prometheus or Alertmanager need those programs (scripts/e2e-tools finds or installs them); without, they are left out.
All of it takes about 50 minutes. Exit codes: 0 every target was met, 1 one was not or something broke.
`;

export type ReactionOptions = {
  readonly breaches: number;
  readonly only: string;
  readonly jsonFile: string | undefined;
  readonly help: boolean;
};

/** @throws TypeError for an argument it does not know, RangeError for a number that is none. */
export function readOptions(args: readonly string[]): ReactionOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      breaches: { type: 'string', default: '20' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const breaches = Number(values.breaches);
  if (!Number.isSafeInteger(breaches) || breaches < 1) {
    throw new RangeError(`--breaches must be a whole number from 1; it is ${values.breaches}`);
  }
  if (!SERIES.some(({ name }) => name.includes(values.only))) {
    throw new RangeError(
      `--only ${values.only} names no series; there are: ${SERIES.map(({ name }) => name).join(', ')}`,
    );
  }
  return { breaches, only: values.only, jsonFile: values.json, help: values.help };
}
