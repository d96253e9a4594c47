import type { FaultWindow } from '../inject/fault-log.ts';
import { MISSING_ID, type Outcome, type Sent } from '../load/write.ts';

/** After a connection broke, a replica may take this long to hear of it; what it sends on it meanwhile is refused. */
const GRACE_MS = 250;
/** A stack trace, or an error of the database's. */
const INTERNALS = /\n\s+at |\bat \S+ \(|node:internal|\.ts:\d+|syntax error|violates|injected/;

type Judged = {
  readonly sent: readonly Sent[];
  readonly windows: readonly FaultWindow[];
  /** Of replicas that were killed; a time of `performance.now()`. */
  readonly killedAtMs: (replica: string) => number | undefined;
};

/** Everything a client was answered, or not answered, that the design does not allow; in words. */
export function checkAnswers({ sent, windows, killedAtMs }: Judged): readonly string[] {
  const mayBeRefused = ({ fromMs, untilMs }: Sent) =>
    windows.some((window) => window.mayRefuse && window.fromMs <= untilMs && fromMs <= window.untilMs + GRACE_MS);
  return sent.flatMap((write) => {
    const wrong = judge(write);
    return wrong === undefined ? [] : [`${write.requestId} to ${write.replica} ${wrong}`];
  });

  function judge(write: Sent): string | undefined {
    const { outcome } = write;
    switch (outcome.kind) {
      case 'silent':
        return `got no answer in ${outcome.afterMs} ms`;
      case 'dropped': {
        const killedMs = killedAtMs(write.replica);
        return killedMs !== undefined && killedMs <= write.untilMs
          ? undefined
          : `lost its connection (${outcome.why}), and its replica was not killed`;
      }
      case 'answered':
        return judgeAnswer(write, outcome, mayBeRefused(write));
    }
  }
}

function judgeAnswer(write: Sent, answer: Outcome & { kind: 'answered' }, mayBeRefused: boolean): string | undefined {
  const { status, body } = answer;
  if (INTERNALS.test(body)) {
    return `was shown internals: ${body.slice(0, 300)}`;
  }
  if (answer.requestId !== write.requestId) {
    return `was answered as ${answer.requestId}`;
  }
  switch (status) {
    case 200: {
      const expected = `{"ok":true,"violation_id":${write.violationId},"status":"${write.status}"}`;
      return body === expected ? undefined : `was answered 200 with ${body.slice(0, 300)}`;
    }
    case 404:
      return isProblem(answer) && write.violationId === MISSING_ID
        ? undefined
        : `was answered 404 for record ${write.violationId}: ${body.slice(0, 300)}`;
    case 503:
      if (!isProblem(answer) || answer.retryAfter === undefined) {
        return `was answered 503 without problem details or Retry-After: ${body.slice(0, 300)}`;
      }
      return mayBeRefused ? undefined : 'was answered 503 while nothing was wrong with the database';
    default:
      return `was answered ${status}: ${body.slice(0, 300)}`;
  }
}

function isProblem({ contentType, body, status }: Outcome & { kind: 'answered' }): boolean {
  try {
    return contentType?.startsWith('application/problem+json') === true && JSON.parse(body).status === status;
  } catch {
    return false;
  }
}
