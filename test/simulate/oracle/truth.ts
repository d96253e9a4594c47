import type { Percent } from '../../../src/kit/percent.ts';
import type { JournalEvent } from '../../../src/rollout/event.ts';
import type { Plan } from '../../../src/rollout/plan.ts';
import { CONTROLLERS, type Name } from '../actions.ts';
import type { Failing } from '../world/replicas.ts';
import type { Part } from '../world/troubles.ts';

/** What really is in a world, as nobody in it knows it. */
export type Truth = {
  readonly now: () => number;
  readonly tickMs: number;
  /** How often somebody looks after the rollout. */
  readonly personEveryMs: number;
  readonly percent: () => Percent;
  readonly hasLease: () => boolean;
  readonly mostServed: () => Percent;
  readonly failing: () => Failing;
  readonly holder: () => string | undefined;
  /** When a controller could not reach the database for the last time. */
  readonly outOfReachAtMs: (by: string) => number;
  readonly isUp: (name: Name) => boolean;
  readonly plan: () => Plan;
  /** How long nothing has been wrong with these parts; 0 while something is. */
  readonly quietForMs: (...parts: readonly Part[]) => number;
  readonly after: (ms: number, run: () => void) => void;
};

export type Fail = (promise: string, found: string) => void;

export type Told = { readonly atMs: number; readonly by: Name; readonly event: JournalEvent };

export const controllerOf = (by: string): Name | undefined => CONTROLLERS.find((name) => name === by);

export const isDeed = (event: JournalEvent, kind: string): boolean =>
  'why' in event.details && event.details.why.kind === kind;
