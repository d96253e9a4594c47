import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlan } from './plan.ts';
import { PlanError } from './plan-problems.ts';

const PLAN = `rollout: violation-status
flag: violation-status-domain-percent
stages:
  - { percent: 5,   observe: 5m }
  - { percent: 50,  observe: 1h, approval: required }
  - { percent: 100, observe: 2h }
watch: 24h
guards:
  - { name: p95,         measure: latency-p95,  limit: 200ms, window: 1m, onBreach: off }
  - { name: mean,        measure: latency-mean, limit: 100ms, window: 1m, onBreach: previous }
  - { name: errors,      measure: error-rate,   limit: 1%,    window: 1m, onBreach: off }
  - { name: p95-ratio,   measure: latency-p95,  comparedTo: legacy, limit: 1.5x, window: 5m, onBreach: hold }
  - { name: consistency, measure: mismatches,   limit: 0,     onBreach: off }
confidence: 99.9%
minSamples: 200
onNoData: hold
`;

test('a plan is read with its units', () => {
  const plan = parsePlan(PLAN);
  assert.deepEqual(plan.stages[1], { percent: 50, observeMs: 3_600_000, needsApproval: true, needsVerify: false });
  assert.equal(plan.watchMs, 86_400_000);
  assert.equal(plan.confidence, 0.999);
  assert.deepEqual(
    plan.guards.map(({ limit, test }) => [limit, test]),
    [
      [{ kind: 'slow-share', share: 0.05, seconds: 0.2 }, 'sequential'],
      [{ kind: 'mean', seconds: 0.1 }, 'threshold'],
      [{ kind: 'error-share', share: 0.01 }, 'sequential'],
      [{ kind: 'ratio', of: 'latency-p95', factor: 1.5 }, 'threshold'],
      [{ kind: 'count', count: 0 }, 'threshold'],
    ],
  );
});

test('a plan has a hash that names what it says, whatever its comments, its order and its layout', () => {
  const { hash } = parsePlan(PLAN);
  assert.match(hash, /^[0-9a-f]{12}$/);
  const moved = PLAN.replace('minSamples: 200\n', '').replace('rollout:', 'minSamples: 200 # enough\nrollout:');
  assert.notEqual(moved, PLAN);
  assert.equal(parsePlan(moved.replaceAll(',   observe', ', observe')).hash, hash);
  for (const [was, is] of [
    ['200ms', '201ms'],
    ['observe: 2h', 'observe: 3h'],
    ['minSamples: 200', 'minSamples: 201'],
  ] as const) {
    assert.notEqual(parsePlan(PLAN.replace(was, is)).hash, hash, is);
  }
});

test('a stage may ask for the functional checks, and does not unless it says so', () => {
  const asking = PLAN.replace('observe: 5m }', 'observe: 5m, verify: required }').replace('2h }', '2h, verify: none }');
  assert.deepEqual(
    parsePlan(asking).stages.map(({ needsVerify }) => needsVerify),
    [true, false, false],
  );
});

test('a team may ask for plain limits', () => {
  const plan = parsePlan(`${PLAN}test: threshold\n`);
  assert.ok(plan.guards.every(({ test }) => test === 'threshold'));
});

const wrong: readonly (readonly [what: string, change: (text: string) => string, line: number, message: RegExp])[] = [
  [
    'an observation time without a unit',
    (text) => text.replace('observe: 5m', 'observe: 5'),
    4,
    /stages\.0\.observe is 5; allowed: .*15m/,
  ],
  [
    'a wish for checks that is none',
    (text) => text.replace('observe: 5m', 'observe: 5m, verify: yes'),
    4,
    /stages\.0\.verify is "yes"; allowed: required, none/,
  ],
  [
    'a percent over 100',
    (text) => text.replace('percent: 100', 'percent: 101'),
    6,
    /stages\.2\.percent is 101; allowed: a whole number from 1 to 100/,
  ],
  [
    'stages that do not rise',
    (text) => text.replace('percent: 50, ', 'percent: 5, '),
    5,
    /percents have to rise: 5 comes after 5/,
  ],
  [
    'a limit in the wrong unit',
    (text) => text.replace('limit: 1%', 'limit: 1ms'),
    11,
    /limit of error-rate is 1ms; allowed: a percentage/,
  ],
  [
    'an unknown measure',
    (text) => text.replace('latency-mean', 'latency-p42'),
    10,
    /guards\.1\.measure is "latency-p42"; allowed: latency-p95/,
  ],
  ['an unknown key', (text) => text.replace('watch:', 'wach:'), 7, /unknown key wach; allowed: .*watch/],
  ['a missing key', (text) => text.replace(/^flag:.*\n/m, ''), 1, /the plan lacks flag/],
  ['two guards of one name', (text) => text.replace('name: mean', 'name: p95'), 10, /two guards are named p95/],
  [
    'the name of a built-in guard for another measure',
    (text) => text.replace('name: mean', 'name: restarts'),
    10,
    /restarts is the name of a guard that every plan has/,
  ],
  ['a confidence of 100 %', (text) => text.replace('99.9%', '100%'), 14, /confidence is 100%/],
  ['no YAML', (text) => text.replace('stages:', 'stages: ['), 4, /./],
  ['a key given twice', (text) => `${text}watch: 1h\n`, 17, /unique/i],
  [
    'raising on missing data',
    (text) => text.replace('onNoData: hold', 'onNoData: promote'),
    16,
    /onNoData is "promote"; allowed: hold/,
  ],
];

for (const [what, change, line, message] of wrong) {
  test(`${what} is named with its line`, () => {
    assert.throws(
      () => parsePlan(change(PLAN)),
      (error) => {
        assert.ok(error instanceof PlanError);
        assert.match(error.message, message);
        assert.deepEqual(error.problems[0]?.line, line, error.message);
        assert.ok(error.message.startsWith(`rollout.yaml:${line}: `));
        return true;
      },
    );
  });
}

for (const text of ['', 'null', '[]', '42', 'a: &a [*a]', '"']) {
  test(`${JSON.stringify(text)} is no plan, and that is reported`, () => {
    assert.throws(() => parsePlan(text), PlanError);
  });
}
