import type { Percent } from '../../kit/percent.ts';
import { percentOf } from '../../rollout/state.ts';
import type { Decision } from '../../rollout/transitions.ts';
import { raisedEvent } from './event-text.ts';
import { decided } from './held.ts';
import { type CarryParts, type Changed, describeUnwritten, type Lanes, type Write } from './lanes.ts';

/** The journal first, then the flag, then the state: whatever breaks in between leaves the old percent, or an intent to take up. */
export async function raise(
  parts: CarryParts,
  lanes: Lanes,
  write: Write,
  decision: Changed,
  seenAtMs: number,
): Promise<Decision> {
  const { holder, keeper, problems } = parts;
  const refuse = (why: string): Decision => ({ kind: 'refused', state: holder.state(), why });
  if (lanes.raising !== undefined) {
    return refuse('another change is under way');
  }
  const ending = new AbortController();
  lanes.raising = ending;
  lanes.intent = { decision, seenAtMs, evidence: parts.evidence() };
  try {
    if (!(await keeper.save())) {
      lanes.intent = undefined;
      return refuse('the journal could not be written; the percent stays');
    }
    const why = ending.signal.aborted ? 'it was lowered meanwhile' : parts.whyNoRaise();
    if (why !== undefined || percentOf(holder.state()) !== decision.from) {
      lanes.intent = undefined;
      return refuse(why ?? 'another percent is wanted by now');
    }
    const written = await write({ percent: decision.to, expected: decision.from }, ending.signal);
    if (written.kind === 'written' && takeUp(parts, lanes, decision.to)) {
      problems.report('raise', undefined);
      return decision;
    }
    const problem = written.kind === 'written' ? 'it was lowered meanwhile' : describeUnwritten(written);
    // Unreachable says nothing of what became of it: the flag will show.
    lanes.intent = written.kind === 'unreachable' ? lanes.intent : undefined;
    parts.hasten();
    problems.report('raise', `The flag was not raised to ${decision.to} %: ${problem}`);
    return refuse(`the flag was not raised to ${decision.to} %: ${problem}`);
  } finally {
    lanes.raising = undefined;
    void keeper.save();
  }
}

export function takeUp({ holder, recorder, follower, clock, plan }: CarryParts, lanes: Lanes, found: Percent): boolean {
  const { intent } = lanes;
  if (intent === undefined || found !== intent.decision.to) {
    return false;
  }
  const { decision, seenAtMs, evidence } = intent;
  lanes.intent = undefined;
  if (percentOf(holder.state()) !== decision.from) {
    return false;
  }
  const atMs = clock.now();
  holder.set(decided(holder.get(), decision.state));
  recorder.record(raisedEvent(plan, decision, atMs, evidence));
  follower.begin({ percent: decision.to, lowers: false, seenAtMs, writtenAtMs: atMs });
  return true;
}
