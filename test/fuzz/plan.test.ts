import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { type Plan, parsePlan } from '../../src/rollout/plan.ts';
import { PlanError } from '../../src/rollout/plan-problems.ts';
import { PlanText } from '../../src/rollout/plan-schema.ts';
import { assertNothingPolluted, inBoundedTime, nested } from './support/bounds.ts';
import type { Schema } from './support/document.ts';
import { mangled } from './support/edits.ts';
import { fuzzed } from './support/runs.ts';
import { hostileJson, valuesOf } from './support/values.ts';

const PLAN = `rollout: violation-status
flag: violation-status-domain-percent
endpoint: PUT /api/things
stages:
  - { percent: 5,   observe: 5m }
  - { percent: 100, observe: 2h, approval: required, verify: required }
watch: 24h
guards:
  - { name: p95,         measure: latency-p95,  limit: 200ms, window: 1m, onBreach: off }
  - { name: ratio,       measure: latency-p95,  comparedTo: legacy, limit: 1.5x, window: 5m, onBreach: hold }
  - { name: errors,      measure: error-rate,   limit: 1%,    window: 1m, onBreach: off, test: threshold }
  - { name: consistency, measure: mismatches,   limit: 0,     onBreach: off }
confidence: 99.9%
minSamples: 200
onNoData: hold
lease: 30s
`;
const PIECES = [
  '\n',
  ' ',
  '- ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a',
  '!!',
  '|\n',
  '>',
  '"',
  "'",
  '#',
  '%',
  '---\n',
  '<<: ',
  '__proto__: ',
  '1e9',
  '.inf',
  '.nan',
  '0x10',
  '-1',
  '~',
  'null',
  '\t',
  '\u0000',
];

after(assertNothingPolluted);

/** @returns the plan, or undefined where what is wrong with it was named; nothing else may come of any text. */
function read(text: string): Plan | undefined {
  try {
    return parsePlan(text);
  } catch (error) {
    assert.ok(error instanceof PlanError, String(error));
    assert.ok(error.problems.length > 0);
    const lines = text.split('\n').length;
    assert.ok(error.problems.every(({ line }) => line >= 1 && line <= lines));
    return undefined;
  }
}

/** Whatever was written: what the controller takes for granted of a plan. */
function assertSound({ stages, guards, confidence, minSamples, leaseMs }: Plan): void {
  const percents = stages.map(({ percent }) => percent);
  assert.ok(
    percents.length > 0 && percents.every((percent) => Number.isInteger(percent) && percent >= 1 && percent <= 100),
  );
  assert.deepEqual(
    percents,
    [...new Set(percents)].sort((a, b) => a - b),
  );
  assert.ok(stages.every(({ observeMs }) => observeMs >= 0));
  assert.equal(new Set(guards.map(({ name }) => name)).size, guards.length);
  assert.ok(guards.length > 0 && guards.every(({ windowMs }) => windowMs >= 1_000 && windowMs <= 900_000));
  assert.ok(confidence >= 0.9 && confidence < 1);
  assert.ok(Number.isInteger(minSamples) && minSamples >= 1);
  assert.ok(leaseMs === undefined || leaseMs >= 5_000);
}

test('any text is a sound plan, or what is wrong is named with its line', () => {
  const text = fc.oneof(
    mangled(PLAN, PIECES),
    fc
      .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 10 })), { maxLength: 40 })
      .map((all) => all.join('')),
    hostileJson.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(text, (each) => {
      const plan = read(each);
      if (plan !== undefined) {
        assertSound(plan);
      }
    }),
    fuzzed(200),
  );
});

const LIMITS: Readonly<Record<string, string | number>> = {
  'latency-p95': '200ms',
  'latency-mean': '0.1s',
  'error-rate': '1%',
  mismatches: 0,
  restarts: 2,
};

test('a plan that keeps to the schema and to the rules beyond it is read as it is written', () => {
  const { confidence: _confidence, lease: _lease, ...rest } = PlanText.properties as unknown as Record<string, Schema>;
  const schema = { type: 'object', properties: rest, required: PlanText.required };
  fc.assert(
    fc.property(
      valuesOf(schema),
      fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 50 }),
      (any, percents) => {
        const written = any as PlanText;
        const rising = percents.toSorted((a, b) => a - b);
        const stages = rising.map((percent, at) => ({
          ...(written.stages[at % written.stages.length] as object),
          percent,
        }));
        const guards = written.guards.map(({ measure, comparedTo: _, ...guard }, at) => ({
          ...guard,
          measure,
          name: `g${at}`,
          window: '1m',
          limit: LIMITS[measure],
        }));
        const plan = read(stringify({ ...written, stages, guards }));
        assert.ok(plan !== undefined);
        assertSound(plan);
        assert.deepEqual(
          plan.stages.map(({ percent }) => percent),
          rising,
        );
        assert.deepEqual(
          plan.guards.map(({ measure }) => measure),
          written.guards.map(({ measure }) => measure),
        );
        assert.equal(plan.endpoint, written.endpoint);
      },
    ),
    fuzzed(150),
  );
});

test('one wrong value in a good plan is always named', () => {
  const at = fc.constantFrom(
    'rollout',
    'flag',
    'stages',
    'watch',
    'guards',
    'confidence',
    'minSamples',
    'onNoData',
    'test',
    'lease',
    'more',
  );
  const wrong = fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0.5,
    [],
    {},
    [[]],
    [null],
    { __proto__: null },
    '',
    '1',
    '5m ',
    '-5m',
    '1e3s',
    '∞%',
    'NaN%',
  );
  const good = {
    rollout: 'a',
    flag: 'f',
    stages: [{ percent: 5, observe: '5m' }],
    guards: [{ name: 'a', measure: 'error-rate', limit: '1%', onBreach: 'off' }],
  };
  const isRight = (key: string, value: unknown) => key === 'flag' && value !== '' && typeof value === 'string';
  fc.assert(
    fc.property(at, wrong, (key, value) => {
      fc.pre(!isRight(key, value));
      assert.equal(read(JSON.stringify({ ...good, [key]: value })), undefined);
    }),
    fuzzed(150),
  );
  assert.notEqual(read(JSON.stringify(good)), undefined);
});

for (const [what, text] of [
  ['nested lists', nested(2_000, '[', ']')],
  ['lists that never end', '['.repeat(50_000)],
  ['a long scalar', `a: ${'x'.repeat(250_000)}`],
  ['backslashes in quotes', `"${'\\'.repeat(250_000)}`],
  ['blanks', `a:${' '.repeat(250_000)}b`],
  ['line ends', '\n'.repeat(250_000)],
  ['colons', ':'.repeat(250_000)],
  ['many documents', '---\n'.repeat(60_000)],
  ['aliases of aliases', 'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]'],
  ['two thousand keys', Array.from({ length: 2_000 }, (_, at) => `k${at}: 1`).join('\n')],
] as const) {
  test(`${what} are no plan, and that is reported in bounded time`, () => {
    assert.equal(
      inBoundedTime(what, () => read(text)),
      undefined,
    );
  });
}
