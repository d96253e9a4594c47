import type { ConsistencyRequest, VerificationRequest } from '../../contract/schemas.ts';
import { type Clock, createQueue } from '../../kit/time.ts';
import type { Command } from '../../rollout/command.ts';
import { beganAt, percentOf } from '../../rollout/state.ts';
import type { Changed } from '../../rollout/transitions.ts';
import type { Role } from './authority.ts';
import type { CarryOut } from './carry-out.ts';
import type { Decider } from './decider.ts';
import { decisionText, type Note, note } from './event-text.ts';
import type { FiringAlerts } from './firing-alerts.ts';
import type { Holder } from './holder.ts';
import type { JournalKeeper } from './journal-keeper.ts';
import type { AlertChange } from './ports.ts';
import type { Recorder } from './recorder.ts';
import { happened, type Repeats } from './repeats.ts';
import { readCheck, readVerification } from './reported.ts';

export type CommandOutcome =
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'not-leader'; readonly why: string };

type RequestParts = {
  readonly decider: Decider;
  readonly carry: Pick<CarryOut, 'raised'>;
  readonly holder: Holder;
  readonly keeper: Pick<JournalKeeper, 'save' | 'keep'>;
  readonly alerts: FiringAlerts;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly clock: Clock;
  readonly role: () => Role;
  readonly whyNoRaise: () => string | undefined;
};

type Refused = (key: string, what: Note) => void;

/** What people and tools ask of the controller. A rollback waits for no other request. */
export function createRequests(parts: RequestParts) {
  const inTurn = createQueue();
  let refusals: Repeats<Note> = new Map();
  const refused = (key: string, what: Note): void => {
    const { next, recorded } = happened(refusals, key, what, parts.clock.monotonic());
    refusals = next;
    for (const each of recorded) {
      parts.recorder.record(note(each, parts.clock.now()));
    }
  };
  const answer = (asked: Command) => command(parts, asked, refused);
  return {
    command: (asked: Command): Promise<CommandOutcome> =>
      asked.name === 'rollback' ? answer(asked) : inTurn(() => answer(asked)),
    verified: (request: VerificationRequest): Promise<CommandOutcome> => inTurn(() => verified(parts, request)),
    checked: (request: ConsistencyRequest): Promise<CommandOutcome> => inTurn(() => checked(parts, request)),
    /** @returns how many of them were news. */
    alerted: (changes: readonly AlertChange[]): Promise<number> => alerted(parts, changes),
  };
}

const notLeading = ({ whyNoRaise }: RequestParts): CommandOutcome => ({
  kind: 'not-leader',
  why: whyNoRaise() ?? 'this controller does not lead yet',
});

/** @param refused records what was refused. */
async function command(parts: RequestParts, asked: Command, refused: Refused): Promise<CommandOutcome> {
  const { decider, clock, holder } = parts;
  const seenAtMs = clock.now();
  if (asked.name !== 'rollback') {
    // What is asked is about where the raise that is under way leads to.
    await parts.carry.raised();
    if (parts.role() !== 'leader') {
      return notLeading(parts);
    }
  }
  const decision = await decider.step({ kind: 'command', command: asked }, seenAtMs);
  switch (decision.kind) {
    case 'changed':
      return { kind: 'done', text: doneText(decision, holder) };
    case 'refused': {
      const { name, actor } = asked;
      const text = `${name} by ${actor} was refused: ${decision.why}`;
      refused(`${name} ${actor} ${decision.why}`, { kind: 'refused', actor, text, details: {} });
      return { kind: 'refused', why: decision.why };
    }
    case 'none':
      return { kind: 'done', text: 'Nothing to change.' };
  }
}

/** What is not written yet is not reported as done. */
function doneText(decision: Changed, holder: Holder): string {
  const held = holder.get();
  const debt = held.kind === 'known' ? held.debt : undefined;
  if (debt !== undefined) {
    return `Rolling back to ${debt.to} %: the flag could not be written yet, and is tried again until it is.`;
  }
  const { from, to, event } = decision;
  const reached = percentOf(holder.state());
  return event === 'rolled-back' && reached < to
    ? `Rolled back from ${from} % to ${reached} % and not to ${to} %: the history says why.`
    : decisionText(decision);
}

/** Functional checks that somebody made: a fact of the stage that is served. */
async function verified(parts: RequestParts, request: VerificationRequest): Promise<CommandOutcome> {
  const { decider, recorder, clock, holder } = parts;
  if (parts.role() !== 'leader') {
    return notLeading(parts);
  }
  const { verdict, note: noted } = readVerification(request, percentOf(holder.state()));
  if (verdict !== undefined) {
    await decider.step({ kind: 'verified', passed: verdict === 'passed' }, clock.now());
  }
  recorder.record(note(noted, clock.now()));
  void parts.keeper.save();
  return { kind: 'done', text: noted.text };
}

/** What a check of the data found: a fact, which a guard on mismatches acts on at once. */
async function checked(parts: RequestParts, request: ConsistencyRequest): Promise<CommandOutcome> {
  const { decider, recorder, clock, holder } = parts;
  const seenAtMs = clock.now();
  if (parts.role() !== 'leader') {
    return notLeading(parts);
  }
  const { checked: found, note: noted } = readCheck(request, percentOf(holder.state()), beganAt(holder.state()));
  recorder.record(note(noted, seenAtMs));
  await decider.step({ kind: 'checked', checked: found }, seenAtMs);
  const decision = await decider.step({ kind: 'tick' }, seenAtMs);
  void parts.keeper.save();
  const more = decision.kind === 'changed' ? ` ${doneText(decision, holder)}` : '';
  return { kind: 'done', text: `${noted.text}${more}` };
}

/** Who stands by may learn with the journal only that another one raises, or raised. */
async function keepAndGoOn({ keeper, alerts, decider }: RequestParts, seenAtMs: number): Promise<void> {
  await keeper.keep();
  for (const { fingerprint, name } of alerts.now()) {
    await decider.step({ kind: 'alert', id: fingerprint, alert: name }, seenAtMs);
  }
}

/** Each in turn, whatever is wrong with another: the flag first, and then the journal. */
async function alerted(parts: RequestParts, changes: readonly AlertChange[]): Promise<number> {
  const { decider, alerts, clock } = parts;
  const seenAtMs = clock.now();
  let news = 0;
  let lowering: Promise<unknown> = Promise.resolve();
  for (const change of changes) {
    if (alerts.take(change)) {
      news += 1;
      const { fingerprint, name } = change.alert;
      if (change.status === 'firing') {
        lowering = decider.step({ kind: 'alert', id: fingerprint, alert: name }, seenAtMs);
      }
    }
  }
  await lowering;
  void keepAndGoOn(parts, seenAtMs);
  return news;
}
