import { parseArgs } from 'node:util';

const DEFAULT_SECONDS = 60;

export type Arguments =
  | { readonly kind: 'replay'; readonly seed: number; readonly kept: readonly number[] | undefined }
  | {
      readonly kind: 'search';
      readonly seed: number;
      readonly seconds: number;
      readonly hours: number | undefined;
      readonly workers: number | undefined;
    };

/** `--seed N`, `--seconds N` or `--hours N` (simulated ones), `--workers N`, `--replay SEED[:KEPT,KEPT]`. @throws Error naming what is wrong. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seconds: { type: 'string' },
      hours: { type: 'string' },
      workers: { type: 'string' },
      replay: { type: 'string' },
    },
  });
  if (values.replay !== undefined) {
    const [seed = '', kept] = values.replay.split(':');
    return {
      kind: 'replay',
      seed: whole('replay', seed),
      kept:
        kept === undefined
          ? undefined
          : kept
              .split(',')
              .filter(Boolean)
              .map((each) => whole('replay', each)),
    };
  }
  return {
    kind: 'search',
    seed: values.seed === undefined ? Math.floor(Math.random() * 1e9) : whole('seed', values.seed),
    seconds: values.seconds === undefined ? DEFAULT_SECONDS : whole('seconds', values.seconds),
    hours: values.hours === undefined ? undefined : whole('hours', values.hours),
    workers: values.workers === undefined ? undefined : whole('workers', values.workers),
  };
}

function whole(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) {
    throw new Error(`--${name} is ${JSON.stringify(text)}; allowed: whole numbers.`);
  }
  return Number(text);
}
