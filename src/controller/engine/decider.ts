import type { Clock } from '../../kit/time.ts';
import { decide, type Input } from '../../rollout/decide.ts';
import type { StageEvidence } from '../../rollout/evidence-schema.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { Changed, Decision, Knowledge } from '../../rollout/transitions.ts';
import type { Verdict } from '../../rollout/verdict.ts';
import { mayLower, type Role } from './authority.ts';
import type { CarryOut } from './carry-out.ts';
import { eventOf } from './event-text.ts';
import { counted, decided } from './held.ts';
import type { Holder } from './holder.ts';
import type { JournalKeeper } from './journal-keeper.ts';
import type { FlagReading } from './ports.ts';
import type { Recorder } from './recorder.ts';

type DeciderParts = {
  readonly plan: Plan;
  readonly holder: Holder;
  readonly carry: CarryOut;
  readonly keeper: Pick<JournalKeeper, 'save' | 'contact'>;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly clock: Clock;
  readonly tickMs: number;
  readonly role: () => Role;
  readonly verdicts: () => readonly Verdict[];
  readonly firing: () => readonly string[];
  readonly whyNoRaise: () => string | undefined;
  readonly evidence: () => StageEvidence | undefined;
  readonly flag: () => FlagReading | undefined;
};

export type Decider = ReturnType<typeof createDecider>;

/** Takes in what happened, decides at once, and says when what was decided is carried out. Nothing is waited for in between. */
export function createDecider(parts: DeciderParts) {
  const { plan, holder, carry, clock } = parts;
  /** Since when this controller, which stands by, sees a breach that the leader does not act on. Monotonic. */
  let breachSinceMs: number | undefined;

  const knowledge = (): Knowledge => ({
    nowMs: clock.now(),
    tickMs: parts.tickMs,
    verdicts: parts.verdicts(),
    firing: parts.firing(),
    noRaise: carry.isRaising() ? 'another change is under way' : parts.whyNoRaise(),
  });

  function step(input: Input, seenAtMs: number): Promise<Decision> {
    const held = holder.get();
    const isOwed = held.kind === 'known' && held.debt !== undefined;
    if (input.kind === 'command' && input.command.name !== 'rollback' && isOwed) {
      return Promise.resolve({ kind: 'refused', state: held.state, why: 'a rollback is not written to the flag yet.' });
    }
    const decision = decide(plan, holder.state(), input, knowledge());
    if (decision.kind !== 'changed') {
      if (input.kind === 'alert') {
        carry.endRaise('an alert fires');
      }
      breachSinceMs = input.kind === 'tick' ? undefined : breachSinceMs;
      if (decision.kind === 'none') {
        holder.set(counted(holder.get(), decision.state));
      }
      return Promise.resolve(decision);
    }
    if (!mayCarryOut(decision, input)) {
      return Promise.resolve(leftAlone(parts, input));
    }
    breachSinceMs = undefined;
    return carryOut(parts, decision, seenAtMs);
  }

  function mayCarryOut(decision: Changed, input: Input): boolean {
    const role = parts.role();
    if (decision.event === 'rolled-back') {
      if (input.kind !== 'tick') {
        // Also where it is down as far as is known here: another one may have raised it, or a raise is under way.
        return true;
      }
      const nowMs = clock.monotonic();
      breachSinceMs ??= nowMs;
      return (
        mayLower({ role, breachSinceMs, journalHeardAtMs: parts.keeper.contact().heardAtMs, nowMs }) &&
        isStillUp(parts.flag(), decision, role)
      );
    }
    return role === 'leader' && !carry.isRaising();
  }

  return { step };
}

/** What may not be carried out is no change; who asked for it is told why. */
function leftAlone({ role, holder }: DeciderParts, { kind }: Input): Decision {
  const why = role() === 'leader' ? 'another change is under way' : 'this controller does not lead';
  return { state: holder.state(), ...(kind === 'command' ? { kind: 'refused', why } : { kind: 'none' }) };
}

async function carryOut(parts: DeciderParts, decision: Changed, seenAtMs: number): Promise<Decision> {
  const { plan, holder, carry, clock } = parts;
  if (decision.event === 'rolled-back') {
    await carry.lower(decision, seenAtMs);
    return decision;
  }
  if (decision.to > decision.from && decision.event !== 'adopted') {
    return carry.raise(decision, seenAtMs);
  }
  const event = eventOf(plan, decision, clock.now(), parts.evidence());
  holder.set(decided(holder.get(), decision.state));
  parts.recorder.record(event);
  void parts.keeper.save();
  return decision;
}

/** Where somebody else lowered it already there is nothing to do for who stands by, until the journal says who. */
function isStillUp(flag: FlagReading | undefined, { to }: Changed, role: Role): boolean {
  return role !== 'standby' || flag?.kind !== 'read' || flag.percent > to;
}
