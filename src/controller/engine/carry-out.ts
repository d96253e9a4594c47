import type { Percent } from '../../kit/percent.ts';
import type { State } from '../../rollout/state.ts';
import type { Changed } from '../../rollout/transitions.ts';
import { type CarryParts, createLanes, createWrite, describeUnwritten, isLate } from './lanes.ts';
import { lower, lowerAgain, settleDebt } from './lower.ts';
import { raise, takeUp } from './raise.ts';

export type CarryOut = ReturnType<typeof createCarryOut>;

/** Carries decisions out on the flag. Two lanes: what lowers goes first, and ends a raise that is under way. */
export function createCarryOut(parts: CarryParts) {
  const { problems } = parts;
  const lanes = createLanes();
  const write = createWrite(parts, lanes);
  return {
    /** Changes with each write: the same before and after a look means that the look is of one moment. */
    writes: (): number => lanes.writes,
    isRaising: (): boolean => lanes.raising !== undefined,
    /** A raise that is under way is given up; whether it was written already, the flag will show. */
    endRaise: (why: string): void => {
      if (lanes.raising !== undefined) {
        lanes.yielding.abort(new Error(why));
        lanes.yielding = new AbortController();
      }
    },
    /** Resolves once no raise is under way. */
    raised: async (): Promise<void> => void (await lanes.raising),
    /** Whether the flag may say so because of a write of our own that was given up. */
    isLate: (percent: Percent): boolean => isLate(lanes, percent, parts.clock),
    /** Where a raise leads to that is under way, or of which nobody knows whether it was written. */
    intent: (): State | undefined => {
      const intended = lanes.intent?.decision;
      const isOpen = intended !== undefined && (lanes.raising !== undefined || isLate(lanes, intended.to, parts.clock));
      return isOpen ? intended.state : undefined;
    },
    /** @returns whether the flag says what a raise meant to write whose outcome was unclear: it is entered now. */
    takeUp: (found: Percent): boolean => isLate(lanes, found, parts.clock) && takeUp(parts, lanes, found),
    lower: (decision: Changed, seenAtMs: number) => lower(parts, lanes, write, decision, seenAtMs),
    settleDebt: () => settleDebt(parts, lanes, write),
    lowerAgain: () => lowerAgain(parts, write),
    raise: (decision: Changed, seenAtMs: number) => raise(parts, lanes, write, decision, seenAtMs),
    /** @param ending another percent is wanted by then. */
    writeAgain: async (percent: Percent, ending: AbortSignal): Promise<void> => {
      const written = await write({ percent, expected: undefined }, ending);
      if (written.kind !== 'written' && !ending.aborted) {
        parts.hasten();
      }
    },
    renewLease: async (percent: Percent): Promise<void> => {
      const ending = lanes.yielding.signal;
      const written = await write({ percent, expected: percent }, ending);
      if (ending.aborted) {
        return;
      }
      const isRenewed = written.kind === 'written';
      problems.report('lease', isRenewed ? undefined : `The lease was not renewed: ${describeUnwritten(written)}`);
      if (!isRenewed) {
        parts.hasten();
      }
    },
  };
}
