import { parseArgs } from 'node:util';

const PARTS = ['looks', 'controller', 'flags', 'series', 'journal'] as const;
export type Part = (typeof PARTS)[number];

export const HELP = `Measures what grows with the number of replicas, on this machine and on loopback only.

  npm run bench:scale -- [--replicas N,N,…] [--only PART]

  --replicas N,N   how many replicas to simulate, one table row each (10,100,1000)
  --only PART      one part only:
                     looks       what one look at all replicas costs the controller
                     controller  a real controller over simulated replicas: its use, and how soon a change is confirmed
                     flags       flagd and the built-in flag server with one stream for each replica
                     series      a real Prometheus that scrapes the replicas
                     journal     what the controller and the service write to the database
  --help           print this

flagd (FLAGD_BIN) and Prometheus (scripts/e2e-tools finds or installs it) are left out where they are not there.
All of it takes about 15 minutes, and a limit of open files above 8,000 (ulimit -n) for 1,000 replicas.
Exit codes: 0 a look at 100 replicas costs at most 200 ms of processor time, 1 it costs more or something broke.
`;

export type ScaleOptions = {
  readonly replicas: readonly number[];
  readonly parts: readonly Part[];
  readonly help: boolean;
};

/** @throws TypeError for an argument it does not know, RangeError for a value that is none. */
export function readOptions(args: readonly string[]): ScaleOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      replicas: { type: 'string', default: '10,100,1000' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const replicas = values.replicas.split(',').map(Number);
  if (!replicas.every((count) => Number.isSafeInteger(count) && count >= 1 && count <= 5_000)) {
    throw new RangeError(
      `--replicas must be whole numbers from 1 to 5000 with commas between; it is ${values.replicas}`,
    );
  }
  const parts = PARTS.filter((part) => values.only === undefined || part === values.only);
  if (parts.length === 0) {
    throw new RangeError(`--only ${values.only} names no part; there are: ${PARTS.join(', ')}`);
  }
  return { replicas, parts, help: values.help };
}
