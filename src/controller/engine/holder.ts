import { percentOf, servedSince } from '../../rollout/state.ts';
import { type Held, stateOf } from './held.ts';

export type Holder = ReturnType<typeof createHolder>;

/** The one place that what is held is kept in, and replaced in one step. @param onStage another percent, or another stage, is served. */
export function createHolder(onStage: () => void) {
  let held: Held = { kind: 'unread' };
  return {
    get: (): Held => held,
    state: () => stateOf(held),
    set: (next: Held): void => {
      const [before, after] = [stateOf(held), stateOf(next)];
      held = next;
      if (percentOf(before) !== percentOf(after) || servedSince(before) !== servedSince(after)) {
        onStage();
      }
    },
  };
}
