import type { Percent } from '../../kit/percent.ts';
import { percentOf, type State } from '../../rollout/state.ts';
import type { Changed, Decision } from '../../rollout/transitions.ts';
import { raisedEvent } from './event-text.ts';
import { decided, enteredFrom } from './held.ts';
import { type CarryParts, describeUnwritten, isLate, type Lanes, type Write } from './lanes.ts';
import type { FlagWritten } from './ports.ts';

/** The journal first, then the flag, then the state: whatever breaks in between leaves the old percent, or an intent to take up. */
export async function raise(
  parts: CarryParts,
  lanes: Lanes,
  write: Write,
  decision: Changed,
  seenAtMs: number,
): Promise<Decision> {
  const { holder, keeper } = parts;
  if (lanes.raising !== undefined) {
    return refused(holder.state(), 'another change is under way');
  }
  lanes.intent = { decision, before: holder.state(), seenAtMs, evidence: parts.evidence() };
  const work = carryUp(parts, lanes, write, decision);
  lanes.raising = work.catch(() => {});
  try {
    return await work;
  } finally {
    lanes.raising = undefined;
    void keeper.save();
  }
}

const refused = (state: State, why: string): Decision => ({ kind: 'refused', state, why });

async function carryUp(parts: CarryParts, lanes: Lanes, write: Write, decision: Changed): Promise<Decision> {
  const { holder, keeper, problems, clock } = parts;
  const ending = lanes.yielding.signal;
  const giveUp = (why: string) => {
    lanes.intent = undefined;
    return refused(holder.state(), why);
  };
  if (!(await keeper.save())) {
    return giveUp('the journal could not be written; the percent stays');
  }
  if (ending.aborted || percentOf(holder.state()) !== decision.from) {
    return giveUp(ending.aborted ? (ending.reason as Error).message : 'another percent is wanted by now');
  }
  const why = parts.whyNoRaise();
  if (why !== undefined) {
    return giveUp(why);
  }
  const wasLate = isLate(lanes, decision.to, clock);
  const written = await write({ percent: decision.to, expected: decision.from }, ending);
  const isThere = written.kind === 'written' || (wasLate && isWrittenAlready(written, decision.to));
  if (isThere && takeUp(parts, lanes, decision.to)) {
    problems.report('raise', undefined);
    return decision;
  }
  if (ending.aborted) {
    return giveUp((ending.reason as Error).message);
  }
  const problem = written.kind === 'written' ? 'another percent is wanted by now' : describeUnwritten(written);
  // Unreachable says nothing of what became of it: the flag will show.
  lanes.intent = written.kind === 'unreachable' ? lanes.intent : undefined;
  parts.hasten();
  problems.report('raise', `The flag was not raised to ${decision.to} %: ${problem}`);
  return refused(holder.state(), `the flag was not raised to ${decision.to} %: ${problem}`);
}

/** By a write of our own that was given up, and reached the flag since. */
const isWrittenAlready = (written: FlagWritten, percent: Percent): boolean =>
  written.kind === 'conflict' && written.found.kind === 'read' && written.found.percent === percent;

/** @returns whether the flag says what a raise meant to write: it is entered now, as a pause where a person paused meanwhile. */
export function takeUp({ holder, recorder, follower, clock, plan }: CarryParts, lanes: Lanes, found: Percent): boolean {
  const { intent } = lanes;
  if (intent === undefined || found !== intent.decision.to) {
    return false;
  }
  const { decision, before, seenAtMs, evidence } = intent;
  lanes.intent = undefined;
  const state = enteredFrom(holder.state(), before, decision.state);
  if (state === undefined) {
    return false;
  }
  const atMs = clock.now();
  holder.set(decided(holder.get(), state));
  recorder.record(raisedEvent(plan, decision, atMs, evidence));
  follower.begin({ percent: decision.to, lowers: false, seenAtMs, writtenAtMs: atMs });
  return true;
}
