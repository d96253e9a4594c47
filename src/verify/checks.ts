import { STATUSES } from '../violations/violation.ts';
import {
  expectFields,
  type Finding,
  read,
  type Subject,
  update,
  withForce,
  written,
  wrongAnswer,
  wrongProblem,
} from './subject.ts';

export type CheckOf = { readonly name: string; readonly run: (subject: Subject) => Promise<Finding> };

const CONCURRENT = 10;
/** Times are kept in milliseconds: two writes within one could not be distinguished. */
const APART_MS = 5;

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
      await subject.clock.sleep(APART_MS);
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
    name: 'the request id is returned',
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
