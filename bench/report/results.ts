import type { DecisionCost } from '../decision/protocol.ts';
import type { BenchOptions } from '../options.ts';
import type { Turn } from '../rounds.ts';
import type { Variant } from '../variants.ts';
import type { Facts } from './facts.ts';

export type Memory = { readonly variant: Variant; readonly residentBytes: number; readonly heapUsedBytes: number };

/** Everything one run has measured: what `--json` writes and the tables are made from. */
export type Results = {
  readonly facts: Facts;
  readonly options: BenchOptions;
  readonly turns: readonly Turn[];
  readonly decision: DecisionCost;
  readonly memory: readonly Memory[];
};
