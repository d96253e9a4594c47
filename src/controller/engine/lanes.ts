import type { FlagState } from '../../flagd/read-percent.ts';
import type { Percent } from '../../kit/percent.ts';
import { type Clock, createQueue } from '../../kit/time.ts';
import type { StageEvidence } from '../../rollout/evidence-schema.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { State } from '../../rollout/state.ts';
import type { Changed } from '../../rollout/transitions.ts';
import type { Follower } from './follower.ts';
import type { Debt } from './held.ts';
import type { Holder } from './holder.ts';
import type { JournalKeeper } from './journal-keeper.ts';
import type { ControlMetrics } from './metrics.ts';
import type { FlagLever, FlagWrite, FlagWritten } from './ports.ts';
import type { Problems } from './problems.ts';
import type { Recorder } from './recorder.ts';

export const LEVER_WITHIN_MS = 2_000;

export type CarryParts = {
  readonly plan: Plan;
  readonly lever: FlagLever;
  readonly holder: Holder;
  readonly keeper: Pick<JournalKeeper, 'save'>;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly problems: Problems;
  readonly follower: Pick<Follower, 'begin' | 'beginAgain'>;
  readonly metrics: Pick<ControlMetrics, 'countRollback'>;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly evidence: () => StageEvidence | undefined;
  /** A rollback is written: what it was about may be named now. */
  readonly onLowered: (debt: Debt) => void;
  /** A write failed: whether a rollback could be written is looked at anew. */
  readonly hasten: () => void;
  /** Asked once more between the journal and the flag. */
  readonly whyNoRaise: () => string | undefined;
};

/** A raise that is under way, or of which nobody knows whether it was written. */
type Intent = {
  readonly decision: Changed;
  readonly before: State;
  readonly seenAtMs: number;
  readonly evidence: StageEvidence | undefined;
};

/** What is under way on the flag. */
export type Lanes = {
  raising: Promise<unknown> | undefined;
  intent: Intent | undefined;
  /** Ends what would raise the percent, or keep it, once it is to be lowered. */
  yielding: AbortController;
  /** Ends a write that lowers, once it is to be lowered further. */
  lowering: AbortController;
  /** What was given up and may reach the flag yet: until when, by percent. */
  readonly late: Map<Percent, number>;
  writes: number;
};

export const createLanes = (): Lanes => ({
  raising: undefined,
  intent: undefined,
  yielding: new AbortController(),
  lowering: new AbortController(),
  late: new Map(),
  writes: 0,
});

/** A store may carry out later what nobody waits for any more. */
const LATE_FOR_MS = 60_000;

/** Whether the flag may say so because of a write of our own that was given up. */
export function isLate(lanes: Lanes, percent: Percent, clock: Pick<Clock, 'monotonic'>): boolean {
  return clock.monotonic() < (lanes.late.get(percent) ?? Number.NEGATIVE_INFINITY);
}

export type Write = (asked: Pick<FlagWrite, 'percent' | 'expected'>, ending?: AbortSignal) => Promise<FlagWritten>;

/**
 * One write at a time, none of which is waited for longer than it may take, whatever the lever does. Counted on both sides, so that
 * a look at the flag that overlaps it is known for one.
 */
export function createWrite({ plan, lever, clock, stop }: CarryParts, lanes: Lanes): Write {
  const inTurn = createQueue();
  return ({ percent, expected }, ending) =>
    inTurn(async () => {
      const leaseUntilMs = plan.leaseMs === undefined || percent === 0 ? undefined : clock.now() + plan.leaseMs;
      const until = ending === undefined ? stop : AbortSignal.any([stop, ending]);
      lanes.writes += 1;
      const written = await within(
        LEVER_WITHIN_MS,
        { percent, expected, leaseUntilMs, state: stateFor(plan, percent) },
        until,
      );
      lanes.writes += 1;
      if (written.kind === 'unreachable') {
        lanes.late.set(percent, clock.monotonic() + LATE_FOR_MS);
      }
      return written;
    });

  async function within(ms: number, asked: FlagWrite, until: AbortSignal): Promise<FlagWritten> {
    try {
      return await clock.within(ms, (signal) => lever.write(asked, signal), until);
    } catch (error) {
      return { kind: 'unreachable', why: `${lever.where}: ${(error as Error).message}` };
    }
  }
}

/** Where the plan says so a rollback to 0 % disables the flag, its targeting included, and a raise enables it. */
export function stateFor({ rollbackWith }: Pick<Plan, 'rollbackWith'>, percent: Percent): FlagState | undefined {
  return rollbackWith === 'variant' ? undefined : percent === 0 ? 'DISABLED' : 'ENABLED';
}

/** Somebody else was there first: what the flag says is taken over with the next look at it. */
export function isLowerAlready(written: FlagWritten, percent: Percent): boolean {
  return written.kind === 'conflict' && written.found.kind === 'read' && written.found.percent <= percent;
}

export function describeUnwritten(written: Exclude<FlagWritten, { kind: 'written' }>): string {
  switch (written.kind) {
    case 'conflict':
      return 'somebody else changed it at the same time';
    case 'refused':
      return written.problems.join('; ');
    case 'unreachable':
      return written.why;
  }
}

export function reportLever({ problems, lever }: CarryParts, percent: Percent, problem: string | undefined): void {
  problems.report(
    'lever',
    problem && `The lever fails: ${lever.where} could not be lowered to ${percent} %: ${problem}`,
  );
}

/** What is wrong with the lever now: a write that failed, or one that would. */
export const leverProblem = (problems: Pick<Problems, 'now'>): string | undefined =>
  problems.now().find(({ name }) => isLeverProblem(name))?.text;

export const isLeverProblem = (name: string): boolean => name.startsWith('lever');
