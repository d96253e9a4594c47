import { hash, randomUUID } from 'node:crypto';
import { counted, formatValue } from '../../contract/wording/format.ts';
import type { Percent } from '../../kit/percent.ts';
import type { DecisionKind, JournalEvent } from '../../rollout/event.ts';
import type { Details } from '../../rollout/event-schema.ts';
import type { StageEvidence } from '../../rollout/evidence-schema.ts';
import type { Plan } from '../../rollout/plan.ts';
import { percentOf, type Reason, type State } from '../../rollout/state.ts';
import type { Changed } from '../../rollout/transitions.ts';
import type { Debt } from './held.ts';
import type { FlagReading } from './ports.ts';

/** Who acts when nobody asked. */
const SELF = 'sluice';

/** What a decision was made by. */
type By = Pick<Plan, 'rollout' | 'hash'>;

/** @param evidence of the stage that the decision is about. */
export function eventOf(plan: By, decision: Changed, atMs: number, evidence?: StageEvidence): JournalEvent {
  const { event, from, to, why } = decision;
  return {
    eventId: randomUUID(),
    atMs,
    kind: event,
    from,
    to,
    actor: actorOf(why),
    text: decisionText(decision),
    details: { why, state: decision.state, plan: plan.hash, ...(evidence && { evidence }) },
  };
}

/**
 * A raise that is written. It has the same id whoever records it: the controller that wrote the flag, or the one that found it written.
 */
export function raisedEvent(plan: By, decision: Changed, atMs: number, evidence?: StageEvidence): JournalEvent {
  const { state, to } = decision;
  return { ...eventOf(plan, decision, atMs, evidence), eventId: stableId(plan.rollout, 'raised', to, sinceIn(state)) };
}

/** As {@link raisedEvent}, of a raise that another controller began, or this one before a restart. */
export function takenUpEvent(plan: By, from: Percent, state: State, atMs: number): JournalEvent {
  const to = percentOf(state);
  const event = from === 0 ? 'started' : 'promoted';
  const decision = { kind: 'changed', event, from, to, state, why: { kind: 'plan' } } as const;
  const text = `${describeChange(decision)}: begun by a controller that ended, and found written.`;
  return { ...eventOf(plan, decision, atMs), eventId: stableId(plan.rollout, 'raised', to, sinceIn(state)), text };
}

/** A rollback is decided, and not written yet. */
export function rollingBackEvent(
  plan: By,
  { from, to, why, evidence }: Debt,
  state: State,
  atMs: number,
): JournalEvent {
  const text = `Rolling back from ${from} % to ${to} %: ${describeReason(why)}.`;
  const details = { why, state, plan: plan.hash, ...(evidence && { evidence }) };
  return { eventId: randomUUID(), atMs, kind: 'rolling-back', from, to, actor: actorOf(why), text, details };
}

/** The flag says what a rollback wants. */
export function rolledBackEvent(
  plan: By,
  { from, to, why, seenAtMs, evidence }: Debt,
  writtenAtMs: number,
): JournalEvent {
  const state: State = { phase: 'rolled-back', from, to, sinceMs: seenAtMs, why };
  const decision = { kind: 'changed', event: 'rolled-back', from, to, state, why } as const;
  const eventId = stableId(plan.rollout, 'rolled-back', to, seenAtMs);
  return { ...eventOf(plan, decision, writtenAtMs, evidence), eventId };
}

/** A UUID that the same facts always give. */
function stableId(...facts: readonly (string | number)[]): string {
  const hex = hash('sha256', facts.join('/'));
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

const sinceIn = (state: State) => ('sinceMs' in state ? state.sinceMs : 0);

/** In words, what was found and how to allow it. */
export function raisedAgainText(state: State, found: Percent): string {
  const kept = `after an automatic rollback it stays at ${percentOf(state)} %`;
  if (found === percentOf(state)) {
    return 'The flag is ENABLED and its targeting may serve domain, and is disabled again: after an automatic rollback it stays so until a person says otherwise (sluice start, or resume)';
  }
  return `The flag was raised to ${found} % by somebody else, and is lowered again: ${kept} until a person says otherwise (sluice start, or resume)`;
}

type NoteKind = Exclude<JournalEvent['kind'], DecisionKind>;

/** What happened and is no decision of the controller. */
export type Note = Partial<Pick<JournalEvent, 'from' | 'to' | 'actor'>> & { readonly text: string } & {
    [K in NoteKind]: { readonly kind: K; readonly details: Details[K] };
  }[NoteKind];

export function note({ from = null, to = null, actor = SELF, ...noted }: Note, atMs: number): JournalEvent {
  return { eventId: randomUUID(), atMs, from, to, actor, ...noted };
}

function actorOf(why: Reason): string {
  switch (why.kind) {
    case 'command':
      return why.actor;
    case 'alert':
      return 'alertmanager';
    case 'manual edit':
      return 'manual edit';
    default:
      return SELF;
  }
}

/** What was decided and why, in a sentence. */
export const decisionText = (decision: Changed): string =>
  `${describeChange(decision)}: ${describeReason(decision.why)}.`;

function describeChange({ event, from, to }: Changed): string {
  switch (event) {
    case 'started':
      return `Started at ${to} %`;
    case 'promoted':
      return `Promoted from ${from} % to ${to} %`;
    case 'completed':
      return `Completed at ${to} %, watched from here`;
    case 'approval-needed':
      return `Waiting for approval at ${to} %`;
    case 'paused':
      return `Paused at ${to} %`;
    case 'resumed':
      return `Resumed at ${to} %`;
    case 'rolled-back':
      return `Rolled back from ${from} % to ${to} %`;
    case 'adopted':
      return `Taken over: ${from} % to ${to} %`;
  }
}

/** Why the flag gives no percent; undefined where it does, or was not read yet. */
export function flagProblem(flag: FlagReading | undefined): string | undefined {
  switch (flag?.kind) {
    case 'unusable':
      return flag.problems.join('; ');
    case 'unreachable':
      return flag.why;
    default:
      return undefined;
  }
}

/** In words: `guard p95 by scrape found 350 ms against a limit of 200ms, 41 samples`. */
export function describeReason(why: Reason): string {
  switch (why.kind) {
    case 'plan':
      return 'the stage was healthy for its time';
    case 'command':
      return why.reason === '' ? `${why.actor} asked` : `${why.actor} asked, ${why.reason}`;
    case 'alert':
      return `alert ${why.alert}`;
    case 'plan-changed':
      return why.next === undefined
        ? `${why.percent} % is no longer a stage of the plan`
        : `the plan was over at ${why.percent} %, and goes on to ${why.next} % now`;
    case 'found':
      return 'the flag was found so, and the journal does not say who changed it';
    case 'manual edit':
      return 'the flag was edited by hand';
    case 'lease':
      return 'the lease ran out before a controller renewed it';
    case 'guard': {
      const found = why.value == null ? 'a breach' : formatValue(why);
      const detail = why.detail === '' ? '' : ` (${why.detail})`;
      return `guard ${why.guard} by ${why.source} found ${found} against a limit of ${why.limitText}, ${counted(why.samples, 'sample')}${detail}`;
    }
  }
}
