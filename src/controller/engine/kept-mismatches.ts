import { type Clock, createShared } from '../../kit/time.ts';
import type { Plan } from '../../rollout/plan.ts';
import { type State, servedSince } from '../../rollout/state.ts';
import { judgeKept, type Verdict } from '../../rollout/verdict.ts';
import { note } from './event-text.ts';
import { othersMismatched } from './mismatches.ts';
import type { MismatchStore } from './ports.ts';
import type { Recorder } from './recorder.ts';

type KeptMismatchesParts = {
  readonly plan: Plan;
  readonly store: MismatchStore;
  readonly state: () => State;
  readonly clock: Pick<Clock, 'now'>;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly isLeader: () => boolean;
  /** Something that may be domain's doing was found. */
  readonly onFound: () => Promise<unknown>;
};

type Kept = Awaited<ReturnType<MismatchStore['count']>> & { readonly sinceMs: number };

const NOTHING = { domain: 0, others: 0 };

export type KeptMismatches = ReturnType<typeof createKeptMismatches>;

/**
 * What replicas found in the stage that is served, as the database has it: also what they counted while no controller looked, or
 * in a process that has ended since.
 */
export function createKeptMismatches(parts: KeptMismatchesParts) {
  const { plan, store, state, clock } = parts;
  const isGuarded = plan.guards.some(({ measure }) => measure === 'mismatches');
  let kept: Kept | undefined;
  let recordedOfMs: number | undefined;

  const ofStage = (): Kept | undefined => (kept?.sinceMs === servedSince(state()) ? kept : undefined);

  async function look(): Promise<void> {
    const sinceMs = servedSince(state());
    if (!isGuarded || sinceMs === undefined) {
      return;
    }
    // What a rollback to this stage was about was written before it, and may be kept only now.
    const of = state().phase === 'rolled-back' ? 'written' : 'found';
    const counts = await store.count(clock.now() - sinceMs, of).catch(() => undefined);
    if (counts === undefined || sinceMs !== servedSince(state())) {
      return;
    }
    kept = { ...counts, sinceMs };
    if (counts.domain > 0) {
      await parts.onFound();
    }
    if (counts.others > 0 && recordedOfMs !== sinceMs && parts.isLeader()) {
      await recordOthers(sinceMs);
    }
  }

  /** Once in a stage. */
  async function recordOthers(sinceMs: number): Promise<void> {
    const found = await othersMismatched(store, sinceMs).catch(() => undefined);
    if (found !== undefined) {
      recordedOfMs = sinceMs;
      parts.recorder.record(note(found, clock.now()));
    }
  }

  return {
    /** One at a time, however often it is asked for. */
    look: createShared(look),
    /** Nothing rises before it is known. */
    isUnread: (): boolean => isGuarded && servedSince(state()) !== undefined && ofStage() === undefined,
    verdicts: (): readonly Verdict[] => judgeKept(plan, ofStage() ?? NOTHING),
  };
}
