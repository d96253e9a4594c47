import { check } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { readLoad } from './lib/bounds.ts';
import { DECISIONS, describeSummary, type K6Data, PATHS, summarise } from './lib/summary.ts';
import { readTargets } from './lib/targets.ts';

// A constant number of status updates a second over violations 1–1000, spread over all replicas.
// It keeps its rate when the service slows down, as clients do: what is then not sent in time is counted as dropped.

const SEEDED = 1_000;
const STATUSES = ['confirmed', 'false_positive', 'resolved', 'pending'];
const REQUEST_TIMEOUT = '10s';

const targets = readTargets(__ENV.BASE_URLS || 'http://127.0.0.1:8080', __ENV.ALLOW_REMOTE);
const load = readLoad(__ENV.RATE || '20', __ENV.DURATION || '30s');

const requestsByPath = byName(PATHS, (path) => new Counter(`${path}_requests`));
const durationByPath = byName(PATHS, (path) => new Trend(`${path}_duration`, true));
const requestsByDecision = byName(DECISIONS, (decision) => new Counter(`${decision}_decisions`));

export const options = {
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      exec: 'update',
      rate: load.ratePerSecond,
      timeUnit: '1s',
      duration: `${load.seconds}s`,
      preAllocatedVUs: Math.min(10 + load.ratePerSecond, 100),
      maxVUs: Math.min(10 + load.ratePerSecond * 2, 400),
      gracefulStop: REQUEST_TIMEOUT,
    },
  },
  thresholds: {
    http_req_duration: ['avg<100', 'p(95)<200'],
    http_req_failed: ['rate<0.001'],
    checks: ['rate>0.999'],
  },
  summaryTrendStats: ['avg', 'p(95)', 'p(99)', 'max'],
};

export function update() {
  const turn = exec.scenario.iterationInTest;
  const round = Math.floor(turn / SEEDED);
  // Shifted in each round, so that every violation gets every status and every replica.
  const status = STATUSES[(turn + round) % STATUSES.length];
  const target = targets[(turn + round) % targets.length];
  const id = (turn % SEEDED) + 1;
  const answer = http.put(`${target}/api/v1/records/violations/${id}/status?status=${status}&handled_by=k6`, null, {
    timeout: REQUEST_TIMEOUT,
    // One name for all ids: k6 keeps a series for each.
    tags: { name: 'update-status' },
  });
  const path = answer.headers['Rollout-Path'];
  check(answer, { 'status is 200': ({ status }) => status === 200, 'a path answered': () => PATHS.includes(path) });
  requestsByPath[path]?.add(1);
  durationByPath[path]?.add(answer.timings.duration);
  requestsByDecision[answer.headers['Rollout-Decision']]?.add(1);
}

export function handleSummary(data: K6Data) {
  const summary = summarise(data);
  return {
    stdout: describeSummary(summary),
    ...(__ENV.SUMMARY_FILE && { [__ENV.SUMMARY_FILE]: JSON.stringify(summary) }),
  };
}

function byName<T>(names: readonly string[], make: (name: string) => T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)]));
}
