import http, { type RefinedResponse, type ResponseType } from 'k6/http';
import { type Answer, readAnswer } from './answer.ts';
import type { Update } from './records.ts';

const REQUEST_TIMEOUT = '10s';
/** How many failures a virtual user prints; the rest is in the counts. */
const MOST_PRINTED = 3;
// One name for all ids: k6 keeps a series for each.
const UPDATE = { timeout: REQUEST_TIMEOUT, tags: { name: 'update-status' } };

let printed = 0;

export function sendUpdate(update: Update): Answer {
  return read(http.put(urlOf(update), null, UPDATE));
}

/** Sends all of them at once and waits for every answer; up to `batchPerHost` of k6's options are under way. */
export function sendUpdates(updates: readonly Update[]): Answer[] {
  return http.batch(updates.map((update) => ['PUT', urlOf(update), null, UPDATE] as const)).map(read);
}

/** For many under way in one virtual user, which then knows of all of them. */
export async function sendUpdateAsync(update: Update): Promise<Answer> {
  return read(await http.asyncRequest('PUT', urlOf(update), null, UPDATE));
}

export const violationUrl = (target: string, id: number | string) => `${target}/api/v1/records/violations/${id}`;

function urlOf({ target, id, status, handledBy, notes }: Update): string {
  const given = notes === undefined ? '' : `&notes=${encodeURIComponent(notes)}`;
  return `${violationUrl(target, id)}/status?status=${status}&handled_by=${encodeURIComponent(handledBy)}${given}`;
}

function read(response: RefinedResponse<ResponseType | undefined>): Answer {
  const answer = readAnswer(response);
  if (answer.outcome === 'failed' && printed < MOST_PRINTED) {
    printed += 1;
    console.error(`${response.request.url} answered ${response.status}: ${response.error || response.body}`);
  }
  return answer;
}
