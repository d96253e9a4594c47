import type { Clock } from '../kit/time.ts';
import type { Path } from '../routing/path.ts';
import type { Answer, Target } from './target.ts';

export type Subject = {
  readonly target: Target;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly path: Path;
  /** The record that the checks write to. */
  readonly id: string;
  /** An id that no record has. */
  readonly unknownId: string;
  /** `force_domain=…` where the path has to be asked for; '' where the record's bucket leads there. */
  readonly force: string;
};

/** What one check found wrong; it passes when it gives nothing. */
export type Finding = string | undefined;

type Row = {
  readonly status: string;
  readonly notes: string | null;
  readonly handledBy: string | null;
  readonly handledAtMs: number;
  readonly version: number;
};

export const withForce = ({ force }: Subject, query: string) => (force === '' ? query : `${query}&${force}`);
export const update = (subject: Subject, query: string, headers?: Record<string, string>) =>
  subject.target.update(subject.id, withForce(subject, query), headers);

export async function read({ target, id }: Subject): Promise<Row> {
  const { status, text } = await target.read(id);
  if (status !== 200) {
    throw new Error(`reading the record was answered ${status}`);
  }
  // As text: a parsed number has lost what it could lose.
  if (!new RegExp(`"id":\\s*${id}\\b`).test(text)) {
    throw new Error(`reading the record gave another id: ${text.slice(0, 200)}`);
  }
  const { status: now, notes, handled_by: handledBy, handled_at: at, version } = JSON.parse(text);
  return { status: now, notes, handledBy, handledAtMs: Date.parse(at), version };
}

/** Every write has to be answered to the letter, by the path that is checked. */
export function wrongAnswer({ id, path }: Subject, answer: Answer, status: string): Finding {
  const body = `{"ok":true,"violation_id":${id},"status":"${status}"}`;
  const isJson = (answer.header('content-type') ?? '').startsWith('application/json');
  if (answer.status !== 200) {
    return `answered ${answer.status}: ${answer.text.slice(0, 200)}`;
  }
  if (answer.text !== body || !isJson) {
    return `the answer is ${answer.text.slice(0, 200)} (${answer.header('content-type')}); it has to be ${body}`;
  }
  const served = answer.header('rollout-path');
  return served === path ? undefined : `answered by ${served} (${answer.header('rollout-decision')}), not by ${path}`;
}

export async function written(subject: Subject, status: string, more = ''): Promise<Finding> {
  const wrong = wrongAnswer(subject, await update(subject, `status=${status}${more}`), status);
  if (wrong !== undefined) {
    return wrong;
  }
  const row = await read(subject);
  return row.status === status ? undefined : `the record has status ${row.status} after ${status} was acknowledged`;
}

export const expectFields = (row: Row, notes: string, handledBy: string): Finding =>
  row.notes === notes && row.handledBy === handledBy
    ? undefined
    : `the record has notes ${JSON.stringify(row.notes)} and handled_by ${JSON.stringify(row.handledBy)}; expected ${JSON.stringify(notes)} and ${JSON.stringify(handledBy)}`;

/** Not the whole text: every problem has a key that is called status. */
function detailOf(text: string): string {
  try {
    return String(JSON.parse(text).detail);
  } catch {
    return '';
  }
}

/** In JSON, the end of a line is the two characters of its escape. */
const STACK_TRACE = /(\n|\\n)\s+at |node_modules|\.[jt]s:\d|Traceback/;

/** An error is problem details, and shows nothing of the inside. */
export function wrongProblem({ status, text, header }: Answer, expected: number, mentions: string): Finding {
  if (status !== expected) {
    return `answered ${status}; expected ${expected}`;
  }
  if (!(header('content-type') ?? '').startsWith('application/problem+json') || !detailOf(text).includes(mentions)) {
    return `the answer is not problem details that name ${mentions}: ${text.slice(0, 200)}`;
  }
  return STACK_TRACE.test(text) ? `the answer has a stack trace: ${text.slice(0, 200)}` : undefined;
}
