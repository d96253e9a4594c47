import type { Action } from './actions.ts';
import { runWorld } from './run-world.ts';
import type { Schedule } from './schedule.ts';

/** Leaves out what the failure does not need: halves first, then smaller parts, then single actions. */
export async function shrink(
  schedule: Schedule,
): Promise<{ readonly schedule: Schedule; readonly kept: readonly number[] }> {
  let kept = schedule.actions.map((_, at) => at);
  const fails = async (of: readonly number[]) =>
    (await runWorld({ ...schedule, actions: only(schedule, of) })).violations.length > 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const without = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await fails(without)) {
        kept = without;
      } else {
        at += size;
      }
    }
  }
  return { schedule: { ...schedule, actions: only(schedule, kept) }, kept };
}

export const only = ({ actions }: Schedule, kept: readonly number[]): readonly Action[] =>
  kept.map((at) => actions[at] as Action);
