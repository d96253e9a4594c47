import { parseArgs } from 'node:util';

export type BenchOptions = {
  /** How often every variant is measured at every connection count. */
  readonly rounds: number;
  /** Before the first round: until everything is compiled, whoever is measured first would pay for it. */
  readonly firstWarmUpMs: number;
  /** Before each turn: new connections, refilled caches. */
  readonly warmUpMs: number;
  /** How long one variant is measured in one turn. */
  readonly measureMs: number;
  readonly connectionCounts: readonly number[];
  readonly decisionIterations: number;
  readonly jsonFile: string | undefined;
};

// Many short turns rather than few long ones: what else the machine does then meets every variant alike.
const FULL = { rounds: 7, firstWarmUpMs: 2_000, warmUpMs: 300, measureMs: 1_300, decisionIterations: 8_000 };
const QUICK = { rounds: 1, firstWarmUpMs: 500, warmUpMs: 200, measureMs: 600, decisionIterations: 4_000 };

/** @throws TypeError for an argument it does not know. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  });
  return { ...(values.quick ? QUICK : FULL), connectionCounts: [10, 50, 200], jsonFile: values.json };
}
