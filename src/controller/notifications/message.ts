import { type EventKind, type ReadEvent, type Severity, severityOf } from '../../rollout/event.ts';

const NEXT: Readonly<Partial<Record<EventKind, string>>> = {
  'approval-needed': 'sluice approve --reason "…" lets it go on.',
  holding: 'No time counts while it holds; sluice status says why.',
  breached: 'The percent stays; sluice rollback lowers it.',
  'rolled-back': 'sluice status says whether every replica serves it; find out why before it is started again.',
  checked: 'sluice consistency repair shows what would put it right.',
  mismatched: 'sluice consistency check looks at all records.',
  unconfirmed: 'Look at the replicas that are named; ROLLOUT_PERCENT=0 on the service needs no flag.',
};

export type Message = {
  readonly eventId: string;
  readonly severity: Severity;
  readonly event: ReadEvent;
  readonly rollout: string;
  readonly flag: string;
  /** Where the event is on the console; undefined where nobody said where that is. */
  readonly link: string | undefined;
};

type About = { readonly rollout: string; readonly flag: string; readonly consoleUrl: string | undefined };

/** @returns undefined for what nobody needs to be notified of. */
export function messageOf(event: ReadEvent, { rollout, flag, consoleUrl }: About): Message | undefined {
  const severity = severityOf(event);
  const link = consoleUrl === undefined ? undefined : `${consoleUrl.replace(/\/+$/, '')}/#event=${event.eventId}`;
  return severity && { eventId: event.eventId, severity, event, rollout, flag, link };
}

export function toJson({ severity, event, rollout, flag, link }: Message): string {
  const { eventId, atMs, kind, from, to, actor, text, details } = event;
  const body = { id: eventId, kind, at: new Date(atMs).toISOString(), rollout, flag, from, to, actor, text, details };
  return JSON.stringify({ version: 1, severity, event: body, console: link ?? null });
}

const LONGEST_TEXT = 2_500;

/** The body of a Slack-compatible incoming webhook. */
export function toSlack({ severity, event, rollout, link }: Message): string {
  const lines = [
    `*Sluice, ${escaped(rollout)}: ${event.kind.replaceAll('-', ' ')}${severity === 'info' ? '' : ` (${severity})`}*`,
    escaped(event.text),
    ...(NEXT[event.kind] === undefined ? [] : [escaped(NEXT[event.kind] as string)]),
    ...(link === undefined ? [] : [`<${escaped(link)}|Open the console>`]),
  ];
  return JSON.stringify({ text: lines.map((line) => line.slice(0, LONGEST_TEXT)).join('\n') });
}

/** What people and machines wrote is text to Slack, and neither link nor mention. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
