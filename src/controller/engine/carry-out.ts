import type { Percent } from '../../kit/percent.ts';
import type { State } from '../../rollout/state.ts';
import { type CarryParts, type Changed, createWrite, describeUnwritten, type Lanes } from './lanes.ts';
import { lower, lowerAgain, settleDebt } from './lower.ts';
import { raise, takeUp } from './raise.ts';

export type CarryOut = ReturnType<typeof createCarryOut>;

/** Carries decisions out on the flag. Two lanes: what lowers goes first, and ends a raise that is under way. */
export function createCarryOut(parts: CarryParts) {
  const { problems } = parts;
  const lanes: Lanes = { raising: undefined, intent: undefined, writes: 0 };
  const write = createWrite(parts, lanes);
  return {
    /** Changes with each write: the same before and after a look means that the look is of one moment. */
    writes: (): number => lanes.writes,
    isRaising: (): boolean => lanes.raising !== undefined,
    /** Where a raise leads to that is under way, or of which nobody knows whether it was written. */
    intent: (): State | undefined => lanes.intent?.decision.state,
    /** @returns whether the flag says what a raise meant to write whose outcome was unclear: it is entered now. */
    takeUp: (found: Percent): boolean => takeUp(parts, lanes, found),
    lower: (decision: Changed, seenAtMs: number) => lower(parts, lanes, write, decision, seenAtMs),
    settleDebt: () => settleDebt(parts, write),
    lowerAgain: () => lowerAgain(parts, write),
    raise: (decision: Changed, seenAtMs: number) => raise(parts, lanes, write, decision, seenAtMs),
    writeAgain: async (percent: Percent): Promise<void> => {
      const written = await write({ percent, expected: undefined });
      if (written.kind !== 'written') {
        parts.hasten();
      }
    },
    renewLease: async (percent: Percent): Promise<void> => {
      const written = await write({ percent, expected: percent });
      const isRenewed = written.kind === 'written';
      problems.report('lease', isRenewed ? undefined : `The lease was not renewed: ${describeUnwritten(written)}`);
      if (!isRenewed) {
        parts.hasten();
      }
    },
  };
}
