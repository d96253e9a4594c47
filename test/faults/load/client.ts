import { type Agent, type IncomingMessage, request } from 'node:http';
import type { Outcome, Write } from './write.ts';

/** Longer than both paths and their look-ups may take together: an answer that is later is none. */
const SILENT_AFTER_MS = 16_000;

/** Sends one write and takes whatever comes; never throws, and never tries again. */
export function sendWrite(port: number, agent: Agent, write: Write): Promise<Outcome> {
  return new Promise((resolve) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      agent,
      method: 'PUT',
      path: `/api/v1/records/violations/${write.violationId}/status?${queryOf(write)}`,
      headers: { 'X-Request-Id': write.requestId },
    });
    const silent = setTimeout(() => {
      resolve({ kind: 'silent', afterMs: SILENT_AFTER_MS });
      sent.destroy();
    }, SILENT_AFTER_MS);
    const finish = (outcome: Outcome) => {
      clearTimeout(silent);
      resolve(outcome);
    };
    const drop = (error: NodeJS.ErrnoException) => finish({ kind: 'dropped', why: error.code ?? error.message });
    sent.on('error', drop);
    sent.on('response', (response) => {
      response.setEncoding('utf8');
      let body = '';
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('error', drop);
      response.on('end', () => finish(answered(response, body)));
    });
    sent.end();
  });
}

function answered({ statusCode, headers }: IncomingMessage, body: string): Outcome {
  const header = (name: string) => headers[name] as string | undefined;
  return {
    kind: 'answered',
    status: statusCode as number,
    path: header('rollout-path'),
    decision: header('rollout-decision'),
    retryAfter: header('retry-after'),
    contentType: header('content-type'),
    requestId: header('x-request-id'),
    body,
  };
}

function queryOf({ status, notes, handledBy, force }: Write): string {
  const query = new URLSearchParams({ status });
  if (notes !== undefined) {
    query.set('notes', notes);
  }
  if (handledBy !== undefined) {
    query.set('handled_by', handledBy);
  }
  if (force !== undefined) {
    query.set('force_domain', force);
  }
  return query.toString();
}
