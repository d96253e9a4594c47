import { check, sleep } from 'k6';
import http, { type RefinedResponse, type ResponseType } from 'k6/http';
import { readAnswer } from './lib/answer.ts';
import { readSeconds } from './lib/bounds.ts';
import type { K6Data } from './lib/k6-data.ts';
import { count } from './lib/metrics.ts';
import { EVERY_STATUS } from './lib/records.ts';
import { report } from './lib/report.ts';
import { violationUrl } from './lib/request.ts';
import { once } from './lib/shapes.ts';
import { readBaseUrls } from './lib/targets.ts';
import { TREND_STATS, thresholds } from './lib/thresholds.ts';

// One client that asks each replica for each answer of the endpoint, again and again for some seconds.

const VIOLATION = 7;
/** The largest id that may be asked for; nobody has it. */
const NO_VIOLATION = '9223372036854775807';
const PAUSE_SECONDS = 0.2;
/** How long the last tour may take after the time is over. */
const LAST_TOUR_SECONDS = 60;
const STACK_TRACE = /\bat .+:\d+:\d+|node_modules|\.[jt]s:\d+/;

const targets = readBaseUrls(__ENV);
const seconds = readSeconds('DURATION', __ENV.DURATION || '5s');

export const options = {
  scenarios: { smoke: once('tour', seconds + LAST_TOUR_SECONDS) },
  thresholds: { ...thresholds({ overload: 'fails' }), checks: ['rate==1'] },
  summaryTrendStats: TREND_STATS,
};

export function tour() {
  const end = Date.now() + seconds * 1_000;
  do {
    targets.forEach(askForEverything);
    sleep(PAUSE_SECONDS);
  } while (Date.now() < end);
}

function askForEverything(target: string): void {
  for (const status of EVERY_STATUS) {
    update(target, status);
  }
  const url = `${violationUrl(target, VIOLATION)}/status`;
  expectProblem('an unknown status is 400', ask('PUT', `${url}?status=closed`), 400, 'status');
  expectProblem('a missing status is 400', ask('PUT', url), 400, 'status');
  expectProblem('an unknown parameter is 400', ask('PUT', `${url}?status=pending&state=x`), 400, 'state');
  const wrongId = ask('PUT', `${violationUrl(target, 'seven')}/status?status=pending`);
  expectProblem('an id that is no number is 400', wrongId, 400, 'violation_id');
  const noSuch = ask('PUT', `${violationUrl(target, NO_VIOLATION)}/status?status=pending`);
  expectProblem('a violation that is not there is 404', noSuch, 404);
  expectProblem('its read-back is 404', ask('GET', violationUrl(target, NO_VIOLATION)), 404);
  expectProblem('a route that is not there is 404', ask('GET', `${target}/api/v1/nothing`), 404);
  expectForcedOrForbidden(ask('PUT', `${url}?status=pending&force_domain=true`));
  const described = ask('GET', `${target}/openapi.json`);
  check(described, { 'the API describes itself': () => described.status === 200 && 'paths' in asObject(described) });
}

function update(target: string, status: string): void {
  const notes = `smoke & 100 % + “状态” ${Date.now()}`;
  const query = `status=${status}&handled_by=k6&notes=${encodeURIComponent(notes)}`;
  const response = ask('PUT', `${violationUrl(target, VIOLATION)}/status?${query}`);
  count(readAnswer(response));
  const body = { ok: true, violation_id: VIOLATION, status };
  check(response, {
    [`${status} is 200, with exactly the documented body`]: () =>
      response.status === 200 && response.body === JSON.stringify(body),
    'the headers say who answered and why': () => readAnswer(response).outcome === 'updated',
  });
  const read = ask('GET', violationUrl(target, VIOLATION));
  const violation = asObject(read);
  check(read, {
    'a read-back has what was written': () =>
      read.status === 200 &&
      violation.id === VIOLATION &&
      violation.status === status &&
      violation.notes === notes &&
      violation.handled_by === 'k6',
  });
}

function expectProblem(
  what: string,
  response: RefinedResponse<ResponseType>,
  status: number,
  parameter?: string,
): void {
  const problem = asObject(response);
  const named = (problem.errors as { parameter: string }[] | undefined)?.map((error) => error.parameter) ?? [];
  check(response, {
    [`${what}, with problem details`]: () =>
      response.status === status &&
      (response.headers['Content-Type'] ?? '').startsWith('application/problem+json') &&
      problem.status === status &&
      [problem.type, problem.title, problem.detail, problem.request_id].every((text) => typeof text === 'string') &&
      (parameter === undefined || named.includes(parameter)),
  });
}

function expectForcedOrForbidden(response: RefinedResponse<ResponseType>): void {
  if (response.status === 403) {
    expectProblem('force_domain, where it is denied, is 403', response, 403);
    return;
  }
  const { outcome, decision } = readAnswer(response);
  check(response, {
    // A domain that fails falls back even then.
    'force_domain, where it is allowed, is obeyed': () =>
      outcome === 'updated' && (decision === 'forced' || decision === 'fallback'),
  });
}

let asked = 0;

/** Asks with an id of its own, and looks at what every answer has to have. */
function ask(method: 'GET' | 'PUT', url: string): RefinedResponse<ResponseType> {
  asked += 1;
  const id = `k6-smoke-${asked}`;
  const response = http.request(method, url, null, {
    headers: { 'X-Request-Id': id },
    timeout: '10s',
    tags: { name: 'smoke' },
  });
  check(response, {
    'X-Request-Id is returned': () => response.headers['X-Request-Id'] === id,
    'no body has a stack trace': () => !STACK_TRACE.test(String(response.body)),
  });
  return response;
}

function asObject(response: RefinedResponse<ResponseType>): Record<string, unknown> {
  try {
    return response.json() as Record<string, unknown>;
  } catch {
    return {};
  }
}

export const handleSummary = (data: K6Data) => report({ script: 'smoke', data });
