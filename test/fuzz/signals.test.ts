import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { parseMetrics } from '../../src/controller/signals/metrics-text.ts';
import { readAnswer } from '../../src/controller/signals/prometheus-answer.ts';
import { readReplicas } from '../../src/controller/signals/prometheus-replicas.ts';
import { BUILT_IN_NAMES } from '../../src/rollout/built-in.ts';
import { addReading, beginEvidence } from '../../src/rollout/evidence.ts';
import { parsePlan } from '../../src/rollout/plan.ts';
import type { ReplicaReading, SourceReading } from '../../src/rollout/reading.ts';
import { judge } from '../../src/rollout/verdict.ts';
import { readAlerts } from '../support/read-alerts.ts';
import { assertNothingPolluted, inBoundedTime, nested } from './support/bounds.ts';
import { fuzzed } from './support/runs.ts';
import { hostileJson } from './support/values.ts';

const ROLLOUT = 'violation-status';
const plan = parsePlan(`
rollout: ${ROLLOUT}
flag: some-flag
stages: [{ percent: 25, observe: 5m }]
guards:
  - { name: p95,    measure: latency-p95,  limit: 200ms, window: 10s, onBreach: off }
  - { name: mean,   measure: latency-mean, limit: 100ms, window: 10s, onBreach: off }
  - { name: errors, measure: error-rate,   limit: 1%,    window: 10s, onBreach: off }
  - { name: checks, measure: mismatches,   limit: 0,     onBreach: off }
minSamples: 50
`);

after(assertNothingPolluted);

/** Everything of it over its limit, a hundred times what a sequential test needs to see. */
const BAD_PAGE = [
  'process_start_time_seconds 1000',
  ...['legacy', 'domain'].flatMap((path) => [
    `sluice_path_requests_total{rollout="${ROLLOUT}",path="${path}",outcome="ok"} 2000`,
    `sluice_path_requests_total{rollout="${ROLLOUT}",path="${path}",outcome="rejected"} 0`,
    `sluice_path_requests_total{rollout="${ROLLOUT}",path="${path}",outcome="error"} 2000`,
    `sluice_path_duration_seconds_bucket{rollout="${ROLLOUT}",path="${path}",le="0.1"} 100`,
    `sluice_path_duration_seconds_bucket{rollout="${ROLLOUT}",path="${path}",le="0.2"} 200`,
    `sluice_path_duration_seconds_bucket{rollout="${ROLLOUT}",path="${path}",le="+Inf"} 4000`,
    `sluice_path_duration_seconds_sum{rollout="${ROLLOUT}",path="${path}"} 4000`,
    `sluice_path_duration_seconds_count{rollout="${ROLLOUT}",path="${path}"} 4000`,
  ]),
  `sluice_flag_percent{rollout="${ROLLOUT}"} 25`,
  `sluice_breaker_open{rollout="${ROLLOUT}"} 0`,
  `sluice_consistency_checks_total{rollout="${ROLLOUT}",field="status",result="mismatch"} 7`,
];

/** What the guards say of a stage in which each of these was one look, a second after the last. */
function verdicts(looks: readonly SourceReading[]) {
  let evidence = beginEvidence(plan, 1_000_000, 1);
  looks.forEach((look, at) => {
    evidence = addReading(plan, evidence, look, 1_001_000 + at * 1_000);
  });
  const guards = judge(plan, 'scrape', evidence, 1_000_000 + looks.length * 1_000);
  return guards.filter(({ guard }) => !BUILT_IN_NAMES.includes(guard));
}

function lookAt(page: string): SourceReading {
  const parsed = parseMetrics(page, ROLLOUT, 'a', 1_001_000);
  return parsed.kind === 'read'
    ? { kind: 'read', replicas: [parsed.reading], missing: [] }
    : { kind: 'failed', why: 'malformed', detail: parsed.detail };
}

test('a page that shows breaches of everything is seen as that', () => {
  const kinds = verdicts([lookAt(`${BAD_PAGE.join('\n')}\n`)]).map(({ kind }) => kind);
  assert.deepEqual(new Set(kinds), new Set(['breached']));
});

test('however a page that shows breaches is damaged, no guard is healthy by it', () => {
  const nothing = fc.constantFrom(
    'NaN',
    '+Inf',
    '-Inf',
    '-1',
    '-4000',
    '',
    'null',
    '1e999',
    '0x10',
    '１０',
    '1,000',
    '4000 4000 4000',
  );
  const damage = fc.record({
    // The first line, when the process began, has a test of its own.
    line: fc.integer({ min: 1, max: BAD_PAGE.length - 1 }),
    as: fc.oneof(
      fc.constant((): string => ''),
      nothing.map((value) => (line: string) => `${line.slice(0, line.lastIndexOf(' '))} ${value}`),
      fc.nat(60).map((at) => (line: string) => line.slice(0, Math.min(at, line.lastIndexOf(' ')))),
      fc
        .constantFrom('rollout', 'path', 'outcome', 'le')
        .map((label) => (line: string) => line.replace(`${label}="`, `${label}_="`)),
      fc.constant((line: string) => line.replace('domain', 'Domain').replace('mismatch', 'match')),
    ),
  });
  const cut = fc.option(fc.nat(2_000), { nil: undefined, freq: 2 });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), cut, fc.boolean(), (damages, at, twice) => {
      const lines = [...BAD_PAGE];
      for (const { line, as } of damages) {
        lines[line] = as(lines[line] as string);
      }
      const look = lookAt(`${lines.join('\n')}\n`.slice(0, at));
      for (const { guard, kind } of verdicts(twice ? [look, look] : [look])) {
        assert.notEqual(kind, 'healthy', `${guard} by\n${lines.join('\n')}`);
      }
    }),
    fuzzed(1_500),
  );
});

const value = fc.oneof(
  fc.constantFrom('NaN', '+Inf', '-Inf', '-1', '', 'x', '1e999', '0x10', ' 5', '5'),
  fc.integer().map(String),
  fc.double().map(String),
);
const sample = fc.tuple(fc.constantFrom(1, 2, 2, 3, 1e300, -1, 0.5), value);
const name = fc.constantFrom(
  'sluice_path_requests_total',
  'sluice_path_duration_seconds_bucket',
  'sluice_path_duration_seconds_count',
  'sluice_path_duration_seconds_sum',
  'sluice_flag_percent',
  'sluice_breaker_open',
  'sluice_consistency_checks_total',
  'sluice_fallbacks_total',
  'process_start_time_seconds',
  'up',
);
const metric = fc
  .tuple(
    name,
    fc.dictionary(
      // Labels that distinguish replicas are rare: series of one replica are to meet.
      fc.oneof(
        { arbitrary: fc.constantFrom('rollout', 'path', 'outcome', 'le', 'field', 'result'), weight: 12 },
        { arbitrary: fc.constantFrom('instance', 'job', '__proto__', 'x'), weight: 1 },
      ),
      fc.constantFrom(
        ROLLOUT,
        'domain',
        'legacy',
        'ok',
        'error',
        'rejected',
        '0.2',
        '+Inf',
        'NaN',
        'mismatch',
        'a',
        '',
      ),
      { noNullPrototype: true },
    ),
  )
  .map(([__name__, labels]) => ({ ...labels, __name__, rollout: ROLLOUT }));
const matrix = fc.array(fc.record({ metric, values: fc.array(sample, { minLength: 1, maxLength: 4 }) }), {
  maxLength: 12,
});

function assertCounts({
  replica,
  atMs,
  legacy,
  domain,
  servedPercent,
  mismatches,
  fallbacks,
  cpuSeconds,
}: ReplicaReading): void {
  assert.equal(typeof replica, 'string');
  assert.ok(Number.isFinite(atMs));
  const ofPaths = [legacy, domain].flatMap((path) =>
    path
      ? [
          path.ok,
          path.rejected,
          path.error,
          path.duration.count,
          path.duration.sumSeconds,
          ...path.duration.atMost.values(),
        ]
      : [],
  );
  for (const count of [...ofPaths, mismatches, fallbacks, cpuSeconds]) {
    assert.ok(count === undefined || (Number.isFinite(count) && count >= 0), String(count));
  }
  assert.ok(
    servedPercent === undefined || (Number.isInteger(servedPercent) && servedPercent >= 0 && servedPercent <= 100),
  );
}

test('an answer of Prometheus is counts, or a failure that says why, whatever its series are', () => {
  const asText = (result: unknown, more: object) =>
    JSON.stringify({ status: 'success', data: { resultType: 'matrix', result }, ...more });
  const body = fc.oneof(
    matrix.map((result) => asText(result, {})),
    fc
      .tuple(
        hostileJson,
        fc.dictionary(fc.constantFrom('status', 'data', 'warnings', 'error', 'errorType'), hostileJson),
      )
      .map(([result, more]) => asText(result, more)),
    hostileJson.map((each) => JSON.stringify(each)),
    fc.string({ unit: 'binary' }),
  );
  const nowMs = fc.constantFrom(2_000, 3_000, 1e12);
  fc.assert(
    fc.property(fc.constantFrom(200, 204, 400, 422, 503, 504), body, matrix, nowMs, (status, text, up, now) => {
      const answer = readAnswer({ kind: 'got', status, body: text });
      if (answer.kind === 'failed') {
        return answer.detail !== '';
      }
      assert.equal(status, 200);
      const series = answer.series;
      const starts = series.filter(({ metric: { __name__ } }) => __name__ === 'process_start_time_seconds');
      const reading = readReplicas({ rollout: ROLLOUT, ours: series, starts, up, maxAgeMs: 5_000, nowMs: now });
      if (reading.kind === 'failed') {
        return reading.detail !== '';
      }
      reading.replicas.forEach(assertCounts);
      return true;
    }),
    fuzzed(400),
  );
});

/** `Date.parse` takes them all; Alertmanager writes none of them. */
const nearlyTimes = fc.constantFrom('0', '-1', '2026', 'Jan 1', '2026-01-02', '2026-01-02 03:04:05Z', '1e3', 'now 12');

test('an alert asks for a rollback only where all that an alert needs is there', () => {
  const right = {
    status: 'firing',
    labels: { rollout: ROLLOUT, action: 'rollback', alertname: 'x' },
    startsAt: '2026-01-02T03:04:05Z',
    fingerprint: 'a',
  };
  const key = fc.constantFrom('status', 'labels', 'startsAt', 'fingerprint', 'annotations');
  fc.assert(
    fc.property(key, fc.oneof(hostileJson, fc.string({ unit: 'binary' }), nearlyTimes), (name, value) => {
      const read = readAlerts({ version: '4', alerts: [{ ...right, [name]: value }] }, ROLLOUT);
      assert.ok(read.kind === 'invalid' ? read.problems.length > 0 : read.changes.length + read.ignored === 1);
      const isRight =
        name === 'annotations' ||
        (name === 'fingerprint' && typeof value === 'string' && value !== '' && Array.from(value).length <= 100);
      assert.ok(read.kind === 'invalid' || read.changes.length === 0 || isRight, JSON.stringify(value));
    }),
    fuzzed(300),
  );
});

const line = `sluice_flag_percent{rollout="${ROLLOUT}"`;
for (const [what, page] of [
  ['eighty thousand lines of ours', `${line}} 5\n`.repeat(80_000)],
  ['escapes without end', `${line},a="${'\\'.repeat(16_000)}"} 5\n`.repeat(200)],
  ['quotes without end', `${line},a="${'x'.repeat(16_000)}\n`.repeat(200)],
  ['a line of blanks', ' '.repeat(4_000_000)],
  ['blanks before no number', `${line}}${' '.repeat(16_000)}x\n`],
  ['digits without end', `${line}} ${'1'.repeat(16_000)}\n`],
  ['line ends', '\n'.repeat(4_000_000)],
  [
    'thirty thousand buckets',
    Array.from(
      { length: 30_000 },
      (_, at) => `sluice_path_duration_seconds_bucket{rollout="${ROLLOUT}",path="domain",le="${at}"} 1\n`,
    ).join(''),
  ],
] as const) {
  test(`a page of ${what} is read or refused in bounded time`, () => {
    inBoundedTime(what, () => parseMetrics(page, ROLLOUT, 'a', 1));
  });
}

test('answers and alerts of a megabyte are read or refused in bounded time', () => {
  const got = (body: string) => ({ kind: 'got', status: 200, body }) as const;
  inBoundedTime('nesting', () => readAnswer(got(`{"status":"success","data":${nested(200_000, '[', ']')}}`)));
  const labels = Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`l${at}`, at]));
  inBoundedTime('labels', () => readAlerts({ version: '4', alerts: [{ labels }] }, ROLLOUT));
  const values = Array.from({ length: 50_000 }, (_, at) => [at, '5'] as const);
  const ours = [{ metric: { __name__: 'sluice_flag_percent', rollout: ROLLOUT }, values }];
  inBoundedTime('samples', () =>
    readReplicas({ rollout: ROLLOUT, ours, starts: [], up: [], maxAgeMs: 1_000, nowMs: 1_000 }),
  );
});
