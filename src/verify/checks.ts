import { setTimeout as sleep } from 'node:timers/promises';
import type { Path } from '../routing/path.ts';
import { STATUSES } from '../violations/violation.ts';
import type { Answer, Target } from './target.ts';

export type Subject = {
  readonly target: Target;
  readonly path: Path;
  /** The record that the checks write to. */
  readonly id: string;
  /** An id that no record has. */
  readonly unknownId: string;
  /** `force_domain=…` where the path has to be asked for; '' where the record's bucket leads there. */
  readonly force: string;
};

/** What one check found wrong; it passes when it gives nothing. */
type Finding = string | undefined;

export type CheckOf = { readonly name: string; readonly run: (subject: Subject) => Promise<Finding> };

const CONCURRENT = 10;
/** Times are kept in milliseconds: two writes within one could not be distinguished. */
const APART_MS = 5;

type Row = {
  readonly status: string;
  readonly notes: string | null;
  readonly handledBy: string | null;
  readonly handledAtMs: number;
  readonly version: number;
};

const withForce = ({ force }: Subject, query: string) => (force === '' ? query : `${query}&${force}`);
const update = (subject: Subject, query: string, headers?: Record<string, string>) =>
  subject.target.update(subject.id, withForce(subject, query), headers);

async function read({ target, id }: Subject): Promise<Row> {
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
function wrongAnswer({ id, path }: Subject, answer: Answer, status: string): Finding {
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

async function written(subject: Subject, status: string, more = ''): Promise<Finding> {
  const wrong = wrongAnswer(subject, await update(subject, `status=${status}${more}`), status);
  if (wrong !== undefined) {
    return wrong;
  }
  const row = await read(subject);
  return row.status === status ? undefined : `the record has status ${row.status} after ${status} was acknowledged`;
}

const expectFields = (row: Row, notes: string, handledBy: string): Finding =>
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
function wrongProblem({ status, text, header }: Answer, expected: number, mentions: string): Finding {
  if (status !== expected) {
    return `answered ${status}; expected ${expected}`;
  }
  if (!(header('content-type') ?? '').startsWith('application/problem+json') || !detailOf(text).includes(mentions)) {
    return `the answer is no problem details that name ${mentions}: ${text.slice(0, 200)}`;
  }
  return STACK_TRACE.test(text) ? `the answer has a stack trace: ${text.slice(0, 200)}` : undefined;
}

const notesA = 'verified: "quotes", ünïcode, 中文';

const each: readonly CheckOf[] = STATUSES.toReversed().map((status) => ({
  name: `status ${status} is written and answered to the letter`,
  run: (subject) => written(subject, status),
}));

/** In this order: later ones build on what earlier ones wrote. */
export const CHECKS: readonly CheckOf[] = [
  ...each,
  {
    name: 'notes and handled_by are written',
    run: async (subject) => {
      const query = `&notes=${encodeURIComponent(notesA)}&handled_by=verify`;
      return (await written(subject, 'confirmed', query)) ?? expectFields(await read(subject), notesA, 'verify');
    },
  },
  {
    name: 'notes and handled_by that are not given are kept',
    run: async (subject) => (await written(subject, 'resolved')) ?? expectFields(await read(subject), notesA, 'verify'),
  },
  {
    name: 'notes and handled_by are changed',
    run: async (subject) =>
      (await written(subject, 'pending', '&notes=changed&handled_by=verify-again')) ??
      expectFields(await read(subject), 'changed', 'verify-again'),
  },
  {
    name: 'handled_at moves forward, and the version by one, with each write',
    run: async (subject) => {
      await written(subject, 'pending');
      const before = await read(subject);
      await sleep(APART_MS);
      const wrong = await written(subject, 'confirmed');
      const after = await read(subject);
      if (wrong !== undefined) {
        return wrong;
      }
      if (!(after.handledAtMs > before.handledAtMs)) {
        return `handled_at was ${new Date(before.handledAtMs).toISOString()}, then ${new Date(after.handledAtMs).toISOString()}`;
      }
      return after.version === before.version + 1
        ? undefined
        : `version went from ${before.version} to ${after.version}`;
    },
  },
  {
    name: 'an invalid status is refused with 400, and changes nothing',
    run: async (subject) => {
      const before = await read(subject);
      const wrong = wrongProblem(await update(subject, 'status=no_such_status'), 400, 'status');
      return wrong ?? ((await read(subject)).version === before.version ? undefined : 'the record was changed');
    },
  },
  {
    name: 'a missing status is refused with 400',
    run: async (subject) => wrongProblem(await update(subject, 'notes=x'), 400, 'status'),
  },
  {
    name: 'an unknown id is answered 404, without a fallback',
    run: async (subject) => {
      const answer = await subject.target.update(subject.unknownId, withForce(subject, 'status=confirmed'));
      const [path, decision] = [answer.header('rollout-path'), answer.header('rollout-decision')];
      return path === subject.path && decision !== 'fallback'
        ? wrongProblem(answer, 404, subject.unknownId)
        : `answered ${answer.status} by ${path} (${decision}), not by ${subject.path}`;
    },
  },
  {
    name: 'the request id comes back',
    run: async (subject) => {
      const answer = await update(subject, 'status=confirmed', { 'X-Request-Id': 'sluice-verify-1' });
      const received = answer.header('x-request-id');
      return received === 'sluice-verify-1' ? undefined : `X-Request-Id sluice-verify-1 was answered as ${received}`;
    },
  },
  {
    name: `${CONCURRENT} concurrent requests are all applied, each once`,
    run: async (subject) => {
      const before = await read(subject);
      const findings = await Promise.all(
        Array.from({ length: CONCURRENT }, async (_, at) => {
          const status = STATUSES[at % STATUSES.length] as string;
          return wrongAnswer(subject, await update(subject, `status=${status}`), status);
        }),
      );
      const applied = (await read(subject)).version - before.version;
      const wrong = findings.filter((finding) => finding !== undefined);
      return wrong.length === 0 && applied === CONCURRENT
        ? undefined
        : [`${wrong.length} wrong answers, ${applied} of ${CONCURRENT} applied`, ...wrong.slice(0, 1)].join(': ');
    },
  },
];

/** Legacy answers where domain fails: the client sees nothing of it. */
export async function checkFallback(subject: Subject): Promise<Finding> {
  const answer = await update(subject, 'status=confirmed');
  if (answer.status !== 200) {
    return `answered ${answer.status} while domain fails: ${answer.text.slice(0, 200)}`;
  }
  const [path, decision] = [answer.header('rollout-path'), answer.header('rollout-decision')];
  return path === 'legacy' && decision === 'fallback'
    ? undefined
    : `answered by ${path} (${decision}); expected legacy (fallback)`;
}
