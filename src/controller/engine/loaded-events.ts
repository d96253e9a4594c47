import type { Clock } from '../../kit/time.ts';
import type { Plan } from '../../rollout/plan.ts';
import { percentOf } from '../../rollout/state.ts';
import { note, takenUpEvent } from './event-text.ts';
import type { Held } from './held.ts';
import type { Holder } from './holder.ts';
import type { SavedRollout } from './ports.ts';
import type { Recorder } from './recorder.ts';

type LoadedEventsParts = {
  readonly plan: Plan;
  readonly holder: Holder;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly isLeader: boolean;
};

/** What is to be recorded after the journal said where the rollout is. */
export function recordLoaded(
  { plan, holder, recorder, clock, isLeader }: LoadedEventsParts,
  before: Held,
  row: SavedRollout | undefined,
) {
  const held = holder.get();
  if (before.kind === 'unread') {
    recorder.record(
      note(
        { kind: 'leading', text: `Resumed from the journal: ${isLeader ? 'leading' : 'standing by'}.`, details: {} },
        clock.now(),
      ),
    );
  }
  const isTakenUp = held.kind === 'known' && held.ahead && row?.intent !== undefined && held.state === row.intent;
  if (isTakenUp && row !== undefined) {
    recorder.record(takenUpEvent(plan, percentOf(row.state), held.state, clock.now()));
  }
}
