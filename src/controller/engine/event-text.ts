import { randomUUID } from 'node:crypto';
import { counted, formatValue } from '../../contract/wording/format.ts';
import type { DecisionKind, JournalEvent } from '../../rollout/event.ts';
import type { Details } from '../../rollout/event-schema.ts';
import type { StageEvidence } from '../../rollout/evidence-schema.ts';
import type { Reason } from '../../rollout/state.ts';
import type { Decision } from '../../rollout/transitions.ts';
import type { FlagReading } from './ports.ts';

/** Who acts when nobody asked. */
const SELF = 'sluice';

/** @param evidence of the stage that the decision is about. */
export function eventOf(
  decision: Extract<Decision, { kind: 'changed' }>,
  atMs: number,
  evidence?: StageEvidence,
): JournalEvent {
  const { event, from, to, why } = decision;
  return {
    eventId: randomUUID(),
    atMs,
    kind: event,
    from,
    to,
    actor: actorOf(why),
    text: `${describeChange(decision)}: ${describeReason(why)}.`,
    details: { why, state: decision.state, ...(evidence && { evidence }) },
  };
}

type NoteKind = Exclude<JournalEvent['kind'], DecisionKind>;

/** What happened and is no decision of the controller. */
export type Note = Partial<Pick<JournalEvent, 'from' | 'to' | 'actor'>> & { readonly text: string } & {
    [K in NoteKind]: { readonly kind: K; readonly details: Details[K] };
  }[NoteKind];

export function note({ from = null, to = null, actor = SELF, ...told }: Note, atMs: number): JournalEvent {
  return { eventId: randomUUID(), atMs, from, to, actor, ...told };
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

function describeChange({ event, from, to }: Extract<Decision, { kind: 'changed' }>): string {
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
