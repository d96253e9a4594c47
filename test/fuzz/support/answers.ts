import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { until } from '../../../src/dev/until.ts';
import type { Exchange, RawAnswer } from './raw-http.ts';

/** What only somebody inside may see: stack traces, places of files, SQL, and what the database says of itself. */
const INSIDE =
  /\n\s*at |node:internal|file:\/\/|node_modules|\/src\/|\b(SELECT|INSERT INTO|UPDATE \w+ SET)\b|violation_status_history|ECONNREFUSED|syntax error|invalid input syntax/;

/** The one answer to a request, checked for what holds of every answer. */
export function onlyAnswer({ answers, ended }: Exchange): RawAnswer {
  assert.equal(ended, 'answered');
  const [answer] = answers as [RawAnswer];
  const { status, headers, text } = answer;
  const requestId = headers['x-request-id'];
  assert.ok(requestId !== undefined && /^[\w.:/+=@-]{1,128}$/.test(requestId), `X-Request-Id is ${requestId}`);
  assert.ok(status < 500 || status === 503, `${status}: ${text}`);
  if (status >= 400) {
    const problem = assertProblem(answer);
    assert.equal(problem.request_id, requestId);
  }
  return answer;
}

/** Problem details (RFC 9457) of the status that was answered, with nothing from inside. */
export function assertProblem({ status, headers, text }: RawAnswer): { readonly request_id?: unknown } {
  assert.match(headers['content-type'] ?? '', /^application\/problem\+json/);
  // What a client sent comes back to it shortened and in quotes; the rest is ours.
  assert.doesNotMatch(text.replaceAll(/is \\".*?\\"|"came":".*?"/g, ''), INSIDE);
  const problem = JSON.parse(text);
  assert.equal(problem.status, status);
  assert.equal(typeof problem.title, 'string');
  return problem;
}

/** The connections that a server of this process has open. */
export function watchConnections() {
  const open = new Set<Socket>();
  const onSocket = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
  subscribe('net.server.socket', onSocket);
  return {
    untilNone: (port: number) =>
      until('every connection is closed', () => Array.from(open).every(({ localPort }) => localPort !== port)),
    stop: () => unsubscribe('net.server.socket', onSocket),
  };
}
