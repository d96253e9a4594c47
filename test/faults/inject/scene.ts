import type { InitialRecord } from '../check/records.ts';
import type { createWriters, Targets } from '../load/writers.ts';
import type { Environment } from '../system/environment.ts';
import type { FaultLog } from './fault-log.ts';

/** What a fault may touch: the parts that run, the writers, and what is remembered of this schedule. */
export type Scene = {
  readonly environment: Environment;
  readonly writers: ReturnType<typeof createWriters>;
  readonly targets: Targets;
  readonly faults: FaultLog;
  /** Records that the writers may write to from now on; they are checked afterwards like the first ones. */
  readonly addRecords: (count: number, aheadMs: number) => Promise<readonly InitialRecord[]>;
  /** Something is wrong that no later check would see. */
  readonly blame: (what: string) => void;
};
