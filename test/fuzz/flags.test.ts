import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import { editFlag, flagIn } from '../../src/flagd/flag-edit.ts';
import { nodeAt } from '../../src/flagd/json-edit.ts';
import { lintFile, lintFlagsText } from '../../src/flagd/lint.ts';
import { errorsThatHit, type Problem } from '../../src/flagd/problem.ts';
import { readPercent } from '../../src/flagd/read-percent.ts';
import { assertNothingPolluted, inBoundedTime, nested } from './support/bounds.ts';
import { mangled } from './support/edits.ts';
import { fuzzed } from './support/runs.ts';
import { hostileJson } from './support/values.ts';

const FLAG = 'violation-status-domain-percent';
const GOOD = { state: 'ENABLED', variants: { off: 0, p5: 5, p10: 10 }, defaultVariant: 'p5' };
const RULE = {
  if: [
    { in: [{ var: 'handled_by' }, ['qa']] },
    'p10',
    {
      fractional: [
        ['p5', 1],
        ['off', 9],
      ],
    },
  ],
};
const TEXT = JSON.stringify(
  { $evaluators: { qa: { '==': [1, 1] } }, flags: { other: GOOD, [FLAG]: { ...GOOD, targeting: RULE } } },
  null,
  2,
);
const YAML = `apiVersion: v1
kind: ConfigMap
data:
  flags.json: |
    ${TEXT.replaceAll('\n', '\n    ')}
---
kind: FeatureFlag
spec:
  flagSpec:
    flags:
      ${FLAG}: { state: ENABLED, variants: { "off": 0, p5: 5 }, defaultVariant: "off" }
`;
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0061',
  '0',
  '-0',
  '1e2',
  '1e999',
  'null',
  'true',
  '//',
  '\n',
  '\u0000',
  '\ufeff',
  '"__proto__":{},',
  '"$ref":"x"',
  '"flags":{},',
  '&a ',
  '*a',
  '- ',
  '? ',
  '<<: ',
  '---\n',
  '!!',
];

after(assertNothingPolluted);

function assertNamed(problems: readonly Problem[], text: string): void {
  const lines = text.split('\n').length;
  for (const { line, column, message } of problems) {
    assert.ok(line >= 1 && line <= lines && column >= 1, `${line}:${column} of ${lines} lines`);
    assert.notEqual(message, '');
  }
}

test('lint has an answer to any text, and never throws', () => {
  const text = fc.oneof(
    mangled(TEXT, PIECES),
    mangled(YAML, PIECES),
    hostileJson.map((value) => JSON.stringify({ flags: { [FLAG]: value } })),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, (each) => {
      assertNamed(lintFlagsText(each, { flagKey: FLAG }), each);
      for (const fileName of ['flags.json', 'flags.yaml']) {
        assertNamed(lintFile(each, { flagKey: FLAG, fileName }), each);
      }
    }),
    fuzzed(250),
  );
});

test('a definition that lint has nothing against has a percent, and one that has none is reported', () => {
  const definition = fc.oneof(
    fc.record(
      {
        state: fc.oneof(fc.constantFrom('ENABLED', 'DISABLED'), hostileJson),
        variants: fc.oneof(
          fc.dictionary(
            fc.string({ maxLength: 4 }),
            fc.oneof(fc.integer({ min: -5, max: 105 }), fc.double(), hostileJson),
          ),
          hostileJson,
        ),
        defaultVariant: fc.oneof(fc.string({ maxLength: 4 }), hostileJson),
        targeting: hostileJson,
      },
      { requiredKeys: [] },
    ),
    fc.integer({ min: -5, max: 105 }).map((percent) => ({ ...GOOD, variants: { p5: percent } })),
    fc
      .tuple(fc.constantFrom('state', 'variants', 'defaultVariant', 'targeting'), hostileJson)
      .map(([key, value]) => ({ ...GOOD, [key]: value })),
  );
  fc.assert(
    fc.property(definition, (each) => {
      const text = JSON.stringify({ flags: { [FLAG]: each } });
      const errors = errorsThatHit(FLAG, lintFlagsText(text, { flagKey: FLAG }));
      const reading = readPercent(flagIn(JSON.parse(text), FLAG));
      assert.ok(errors.length > 0 || reading.kind === 'read', text);
      assert.ok(
        reading.kind !== 'read' ||
          (Number.isInteger(reading.percent) && reading.percent >= 0 && reading.percent <= 100),
      );
    }),
    fuzzed(400),
  );
});

/** Of equal meaning and any look: blanks wherever JSON allows them, keys and texts written with escapes. */
function laidOut(value: unknown, blanks: readonly string[], escapes: boolean): string {
  let at = 0;
  const blank = () => blanks[at++ % blanks.length] as string;
  const text = (each: string) =>
    escapes && /^\w/.test(each)
      ? `"\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(each).slice(2)}`
      : JSON.stringify(each);
  const write = (each: unknown): string => {
    if (Array.isArray(each)) {
      return `[${blank()}${each.map((item) => write(item) + blank()).join(`,${blank()}`)}]`;
    }
    if (typeof each === 'object' && each !== null) {
      const properties = Object.entries(each).map(
        ([key, item]) => `${text(key)}${blank()}:${blank()}${write(item)}${blank()}`,
      );
      return `{${blank()}${properties.join(`,${blank()}`)}}`;
    }
    return typeof each === 'string' ? text(each) : JSON.stringify(each);
  };
  return blank() + write(value) + blank();
}

const anyFlags: Arbitrary<string> = fc
  .record({
    others: fc.dictionary(
      fc.string({ minLength: 1, maxLength: 6 }).filter((key) => key !== '__proto__'),
      fc.constantFrom(
        GOOD,
        { ...GOOD, targeting: RULE },
        { state: 'DISABLED', variants: { on: true, off: false }, defaultVariant: 'on' },
      ),
      { noNullPrototype: true, maxKeys: 4 },
    ),
    ours: fc.constantFrom(
      GOOD,
      { ...GOOD, targeting: RULE },
      { ...GOOD, targeting: null },
      { metadata: { a: [1.5, 1e3] }, ...GOOD },
    ),
    blanks: fc.array(fc.stringMatching(/^[ \t\r\n]{0,3}$/), { minLength: 1, maxLength: 7 }),
    escapes: fc.boolean(),
    first: fc.boolean(),
  })
  .map(({ others, ours, blanks, escapes, first }) => {
    const flags = first ? { [FLAG]: ours, ...others } : { ...others, [FLAG]: ours };
    return laidOut(
      { $schema: 'https://flagd.dev/schema/v0/flags.json', flags, metadata: { by: 'sre' } },
      blanks,
      escapes,
    );
  });

test('an edit of good flags, however they are laid out, sets the percent and leaves every other byte', () => {
  const percent = fc.integer({ min: 0, max: 100 });
  const lease = fc.option(fc.integer({ min: 1, max: 4e12 }), { nil: undefined });
  fc.assert(
    fc.property(anyFlags, percent, lease, (text, to, leaseUntilMs) => {
      assert.deepEqual(errorsThatHit(FLAG, lintFlagsText(text, { flagKey: FLAG })), []);
      const edited = editFlag(text, { flagKey: FLAG, percent: to, leaseUntilMs });
      assert.ok(edited.kind === 'edited', JSON.stringify(edited));
      assert.deepEqual(errorsThatHit(FLAG, lintFlagsText(edited.text, { flagKey: FLAG })), []);
      const reading = readPercent(flagIn(JSON.parse(edited.text), FLAG));
      assert.equal(reading.kind === 'read' && reading.percent, to);
      const [old, now] = [nodeAt(text, ['flags', FLAG]), nodeAt(edited.text, ['flags', FLAG])];
      assert.ok(old && now);
      assert.equal(edited.text.slice(0, now.offset), text.slice(0, old.offset));
      assert.equal(edited.text.slice(now.offset + now.length), text.slice(old.offset + old.length));
      // What is written twice is written once more: the edit of an edit changes nothing.
      assert.deepEqual(editFlag(edited.text, { flagKey: FLAG, percent: to, leaseUntilMs }), edited);
    }),
    fuzzed(300),
  );
});

test('an edit of any text is refused, or sets the percent and nothing but this flag', () => {
  fc.assert(
    fc.property(fc.oneof(mangled(TEXT, PIECES), anyFlags), fc.constantFrom(0, 5, 42, 100), (text, to) => {
      const edited = editFlag(text, { flagKey: FLAG, percent: to, leaseUntilMs: undefined });
      if (edited.kind === 'refused') {
        return edited.problems.length > 0 && edited.problems.every((problem) => problem !== '');
      }
      const [before, after] = [JSON.parse(text), JSON.parse(edited.text)];
      const reading = readPercent(flagIn(after, FLAG));
      assert.equal(reading.kind === 'read' && reading.percent, to);
      delete before.flags[FLAG];
      delete after.flags[FLAG];
      assert.deepEqual(after, before);
      return true;
    }),
    fuzzed(400),
  );
});

const deep = (depth: number) =>
  `{"flags":{"${FLAG}":{"state":"ENABLED","variants":{"off":0},"defaultVariant":"off","targeting":${nested(depth, '{"!":[', ']}', '1')}}}}`;
const many = (count: number) =>
  `{"flags":{${Array.from({ length: count }, (_, at) => `"a${at}":${JSON.stringify(GOOD)}`).join(',')}}}`;
for (const [what, text] of [
  ['a rule of three hundred levels', deep(300)],
  ['five thousand good flags', many(5_000)],
  ['a long key', `{"${'x'.repeat(1e6)}":1}`],
  ['backslashes in quotes', `"${'\\'.repeat(1e6)}`],
  ['blanks', ' '.repeat(1e6)],
  ['line ends', `${'\n'.repeat(1e6)}{}`],
  ['two thousand equal keys', `{"flags":{${Array(2_000).fill('"a":1').join(',')}}}`],
  ['two thousand broken flags', `{"flags":{${Array.from({ length: 2_000 }, (_, at) => `"a${at}":1`).join(',')}}}`],
] as const) {
  test(`${what} are linted and edited in bounded time`, () => {
    inBoundedTime(what, () => lintFlagsText(text, { flagKey: FLAG }));
    inBoundedTime(what, () => editFlag(text, { flagKey: FLAG, percent: 0, leaseUntilMs: undefined }));
  });
}

test('YAML that unfolds without end is reported in bounded time', () => {
  const list = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(of).join(',')}]\n`;
  const bomb = `${list('a', 'x')}${list('b', '*a')}${list('c', '*b')}${list('d', '*c')}flags: { a: *d }`;
  const [problem] = inBoundedTime('aliases of aliases', () => lintFile(bomb, { fileName: 'flags.yaml' }));
  assert.equal(problem?.spoils, 'file');
});
