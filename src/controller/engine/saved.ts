import { percentOf, type State } from '../../rollout/state.ts';
import type { FlagReading, SavedRollout } from './ports.ts';

/** A raise that was under way when its controller ended is taken up where the flag was already written. */
export function intended({ state, intent }: SavedRollout, flag: FlagReading | undefined): State {
  return intent !== undefined && flag?.kind === 'read' && flag.percent === percentOf(intent) ? intent : state;
}

/**
 * Whether what a controller decided by itself stands against what the journal says, while it does not lead. It was decided while the
 * journal was away or the leader was silent, so it can only have gone down: it stands until the journal says the same, or less.
 */
export function ownStands(own: State, saved: State): boolean {
  const [ownPercent, savedPercent] = [percentOf(own), percentOf(saved)];
  return savedPercent > ownPercent || (savedPercent === ownPercent && saved.phase !== own.phase);
}
