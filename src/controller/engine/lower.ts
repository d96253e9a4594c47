import { isAutomatic, percentOf, type State, servedSince } from '../../rollout/state.ts';
import type { Changed } from '../../rollout/transitions.ts';
import { rolledBackEvent, rollingBackEvent } from './event-text.ts';
import { type Debt, decided, type Held, paid } from './held.ts';
import { type CarryParts, describeUnwritten, isLowerAlready, type Lanes, reportLever, type Write } from './lanes.ts';

/** Decided at once; written as soon as the lever does it. */
export async function lower(parts: CarryParts, lanes: Lanes, write: Write, decision: Changed, seenAtMs: number) {
  const { holder, recorder, metrics, clock } = parts;
  const debt: Debt = {
    from: owed(holder.get())?.from ?? decision.from,
    to: decision.to,
    why: decision.why,
    seenAtMs,
    sinceMs: servedSince(holder.state()) ?? seenAtMs,
    evidence: parts.evidence(),
  };
  endWrites(lanes);
  holder.set(decided(holder.get(), decision.state, debt));
  recorder.record(rollingBackEvent(parts.plan, debt, decision.state, clock.now()));
  metrics.countRollback(decision.why);
  await settleDebt(parts, lanes, write);
}

/** What lowers waits for no other write. */
function endWrites(lanes: Lanes): void {
  lanes.intent = undefined;
  for (const ending of [lanes.yielding, lanes.lowering]) {
    ending.abort(new Error('it was lowered meanwhile'));
  }
  lanes.yielding = new AbortController();
  lanes.lowering = new AbortController();
}

const owed = (held: Held): Debt | undefined => (held.kind === 'known' ? held.debt : undefined);

/** Needs the lever and nothing else. Tried again with each look at the flag until it is done. */
export async function settleDebt(parts: CarryParts, lanes: Lanes, write: Write): Promise<void> {
  const { holder, recorder, follower, clock, keeper } = parts;
  for (;;) {
    const debt = owed(holder.get());
    if (debt === undefined || parts.stop.aborted) {
      return;
    }
    const written = await write({ percent: debt.to, expected: undefined }, lanes.lowering.signal);
    if (owed(holder.get()) !== debt) {
      continue;
    }
    const isDone = written.kind === 'written' || isLowerAlready(written, debt.to);
    const problem = isDone ? undefined : describeUnwritten(written);
    if (written.kind === 'refused' && written.by === 'content' && debt.to > 0) {
      lowerFurther(parts, debt, problem ?? '');
      continue;
    }
    reportLever(parts, debt.to, problem);
    if (!isDone) {
      void keeper.save();
      return;
    }
    holder.set(paid(holder.get()));
    const writtenAtMs = clock.now();
    if (!debt.isReported) {
      recorder.record(rolledBackEvent(parts.plan, debt, writtenAtMs));
    }
    follower.begin({ percent: debt.to, lowers: true, seenAtMs: debt.seenAtMs, writtenAtMs });
    parts.onLowered(debt);
    void keeper.save();
  }
}

/** What is there cannot be brought to a stage, as flagd refuses it whoever broke it: to 0 it always can, or fails by name. */
function lowerFurther({ plan, holder, recorder, clock }: CarryParts, debt: Debt, problem: string): void {
  const { from, why, seenAtMs } = debt;
  const stands = isAutomatic(holder.state()) && { stands: true };
  const state: State = { phase: 'rolled-back', from, to: 0, sinceMs: seenAtMs, why, ...stands };
  const further: Debt = { ...debt, to: 0 };
  holder.set(decided(holder.get(), state, further));
  const event = rollingBackEvent(plan, further, state, clock.now());
  recorder.record({ ...event, text: `${event.text} It is not ${debt.to} %, which was refused: ${problem}.` });
}

/** After an automatic rollback: down to what it left. */
export async function lowerAgain(parts: CarryParts, write: Write): Promise<void> {
  const percent = percentOf(parts.holder.state());
  const written = await write({ percent, expected: undefined });
  if (percent !== percentOf(parts.holder.state())) {
    return;
  }
  const isDone = written.kind === 'written' || isLowerAlready(written, percent);
  reportLever(parts, percent, isDone ? undefined : describeUnwritten(written));
  if (isDone) {
    const atMs = parts.clock.now();
    parts.follower.beginAgain({ percent, lowers: true, seenAtMs: atMs, writtenAtMs: atMs });
  }
}
