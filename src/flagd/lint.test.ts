import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lintFile, lintFlagsText } from './lint.ts';

const FLAG = 'violation-status-domain-percent';
const GOOD = { state: 'ENABLED', variants: { off: 0, p5: 5, p10: 10 }, defaultVariant: 'off' };

/** The problems of a file in which the rollout's flag differs from a good one, as `severity path message`. */
function found(changes: object, more: object = {}): string[] {
  const text = JSON.stringify({ flags: { [FLAG]: { ...GOOD, ...changes } }, ...more }, null, 2);
  return lintFlagsText(text, { flagKey: FLAG }).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
}

function only(problems: string[], pattern: RegExp): void {
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0] as string, pattern);
}

describe('lint of a flags file', () => {
  test('says nothing about a good file, with or without a rule and a lease', () => {
    const rule = {
      fractional: [
        ['p10', 50],
        ['off', 50],
      ],
    };
    const lease = { if: [{ '>=': [{ var: '$flagd.timestamp' }, 99_999_999_999] }, 'off', rule] };
    assert.deepEqual(found({}), []);
    assert.deepEqual(found({ defaultVariant: 'p5', targeting: rule }), []);
    assert.deepEqual(found({ defaultVariant: 'p5', targeting: lease }), []);
    assert.deepEqual(found({ defaultVariant: 'p5', targeting: {} }), []);
  });

  test('points at the line and column where JSON breaks', () => {
    const [problem] = lintFlagsText('{\n  "flags": {\n    "a": tru\n  }\n}');
    assert.deepEqual([problem?.line, problem?.column, problem?.spoils], [3, 10, 'file']);
    assert.match(problem?.message ?? '', /^this is not valid JSON/);
  });

  test('takes comments and trailing commas for broken, as flagd does', () => {
    assert.equal(lintFlagsText('{"flags": {"a": 1,}}')[0]?.spoils, 'file');
    assert.equal(lintFlagsText('// flags\n{"flags": {}}')[0]?.spoils, 'file');
    assert.equal(lintFlagsText('\uFEFF{"flags": {}}')[0]?.spoils, 'file');
  });

  for (const [text, path, pattern] of [
    ['', '', /empty/],
    ['[]', 'flags', /the file is \[\]/],
    ['{}', 'flags', /flags is nothing; allowed: \{"flags"/],
    ['{"flags": []}', 'flags', /flags is \[\]/],
    ['{"flags": {}}', 'flags', /flags is empty/],
    ['{"flags": {"a": 1}}', 'flags.a', /a flag is 1/],
  ] as const) {
    test(`finds that no flag can be read from ${text || 'an empty file'}`, () => {
      const [problem] = lintFlagsText(text);
      assert.deepEqual([problem?.severity, problem?.path], ['error', path]);
      assert.match(problem?.message ?? '', pattern);
    });
  }

  test('points at the line of the value that is wrong, and says what came, what is allowed and what to do', () => {
    const text = JSON.stringify({ flags: { [FLAG]: { ...GOOD, state: 'enabled' } } }, null, 2);
    const [problem] = lintFlagsText(text, { flagKey: FLAG });
    assert.deepEqual([problem?.line, problem?.column], [4, 7]);
    assert.match(problem?.message ?? '', /is "enabled"; allowed: "ENABLED" or "DISABLED"\..*Correct it\./);
  });

  test('finds a defaultVariant that is missing, null, a number, or no variant', () => {
    only(found({ defaultVariant: undefined }), /^error .*defaultVariant is nothing.*0 %; allowed: off, p5, p10/);
    only(found({ defaultVariant: null }), /^error .*is null/);
    only(found({ defaultVariant: 5 }), /^error .*is 5, which is no variant/);
    only(found({ defaultVariant: 'p99' }), /^error .*is "p99", which is no variant; allowed: off, p5, p10/);
  });

  test('finds variants that are no percents, but only in the flag of the rollout', () => {
    only(
      found({ variants: { ...GOOD.variants, p11: 11.5 } }),
      /^error .*variants\.p11: .*11\.5.*whole number from 0 to 100/,
    );
    only(found({ variants: { ...GOOD.variants, p200: 200 } }), /^error .*variants\.p200/);
    const other = { state: 'ENABLED', variants: { a: 'x', b: 'y' }, defaultVariant: 'a' };
    assert.deepEqual(lintFlagsText(JSON.stringify({ flags: { other, [FLAG]: GOOD } }), { flagKey: FLAG }), []);
  });

  test('finds variants of mixed types in any flag', () => {
    const other = { state: 'ENABLED', variants: { a: 'x', b: 1 }, defaultVariant: 'a' };
    only(
      lintFlagsText(JSON.stringify({ flags: { other } })).map(({ message }) => message),
      /found: string, number/,
    );
  });

  test('warns, without calling it an error, of a flag that is DISABLED or has no variant of 0', () => {
    only(found({ state: 'DISABLED' }), /^warning .*DISABLED.*means 0 %/);
    only(found({ variants: { p5: 5 }, defaultVariant: 'p5' }), /^warning .*no variant is 0/);
  });

  test('finds a missing flag and names those that came', () => {
    only(
      lintFlagsText(JSON.stringify({ flags: { other: GOOD } }), { flagKey: FLAG }).map(({ message }) => message),
      /no flag violation.*found: other\./,
    );
  });

  test('finds weights of fractional that are strings or no whole numbers', () => {
    only(
      found({
        targeting: {
          fractional: [
            ['p5', '50'],
            ['off', 50],
          ],
        },
        defaultVariant: 'p5',
      }),
      /^error .*fractional\.0\.1: a weight is "50"/,
    );
    only(
      found({ targeting: { fractional: [{ var: 'email' }, ['p5', 0.5]] }, defaultVariant: 'p5' }),
      /^error .*fractional\.1\.1: a weight is 0\.5/,
    );
  });

  test('finds operators that flagd does not know, at any depth', () => {
    const targeting = { if: [{ and: [{ startswith: [{ var: 'email' }, 'a'] }] }, 'p5', null] };
    only(found({ targeting, defaultVariant: 'p5' }), /^error .*if\.0\.and\.0\.startswith: startswith is no operator/);
    only(found({ targeting: { if: [true, 'p5'], x: 1 }, defaultVariant: 'p5' }), /one operator; if, x were given/);
  });

  test('finds a $ref without its evaluator, and accepts one that is there', () => {
    const targeting = { if: [{ $ref: 'ours' }, 'p5', null] };
    only(found({ targeting, defaultVariant: 'p5' }), /^error .*\$ref is "ours"; allowed: none/);
    assert.deepEqual(
      found({ targeting, defaultVariant: 'p5' }, { $evaluators: { ours: { in: ['a', { var: 'b' }] } } }),
      [],
    );
  });

  test('finds a variant that only targeting names', () => {
    only(found({ targeting: { if: [true, 'p99', null] }, defaultVariant: 'p5' }), /^error .*targeting names "p99"/);
  });

  test('finds keys that are there twice, at the second', () => {
    const [problem] = lintFlagsText(`{"flags": {"a": ${JSON.stringify(GOOD)},\n  "a": ${JSON.stringify(GOOD)}}}`);
    assert.deepEqual([problem?.line, problem?.column, problem?.severity], [2, 3, 'error']);
    assert.match(problem?.message ?? '', /"a" is here a second time/);
  });

  test('warns of a lease that ran out, and not of one that still runs', () => {
    const targeting = { if: [{ '>=': [{ var: '$flagd.timestamp' }, 1_000] }, 'off', null] };
    const text = JSON.stringify({ flags: { [FLAG]: { ...GOOD, defaultVariant: 'p5', targeting } } });
    const messages = (nowMs: number) => lintFlagsText(text, { flagKey: FLAG, nowMs }).map(({ message }) => message);
    assert.deepEqual(messages(999_999), []);
    only(messages(1_000_000), /the lease ran out at 1970-01-01T00:16:40/);
  });

  test('warns that a rule may send requests to domain at 0 %, and not where it only sends them to 0', () => {
    only(
      found({ targeting: { if: [{ '==': [{ var: 'handled_by' }, 'qa'] }, 'p10', null] } }),
      /^warning .*may still send requests to domain at 0 %: by p10/,
    );
    assert.deepEqual(found({ targeting: { if: [{ '==': [{ var: 'handled_by' }, 'qa'] }, 'off', null] } }), []);
  });
});

describe('lint of a file as people keep it', () => {
  const manifest = (state: string, off = '"off"') => `apiVersion: core.openfeature.dev/v1beta1
kind: FeatureFlag
metadata:
  name: flags
spec:
  flagSpec:
    flags:
      ${FLAG}:
        state: ${state}
        variants:
          ${off}: 0
          p5: 5
        defaultVariant: p5
`;
  const lint = (text: string, fileName = 'flags.yaml') => lintFile(text, { fileName, flagKey: FLAG });

  test('finds traps in a FeatureFlag with the line of the YAML', () => {
    assert.deepEqual(lint(manifest('ENABLED')), []);
    const [problem] = lint(`# flags\n---\n${manifest('enabled')}`);
    assert.deepEqual([problem?.line, problem?.column, problem?.path], [11, 9, `spec.flagSpec.flags.${FLAG}.state`]);
  });

  test('finds a bare off in a FeatureFlag, which kubectl takes for false', () => {
    const [problem, ...more] = lint(manifest('ENABLED', 'off'));
    assert.deepEqual([problem?.line, problem?.column, more.length], [11, 11, 0]);
    assert.match(problem?.message ?? '', /Write "off"/);
  });

  test('finds traps in the JSON of a ConfigMap with the line and column of the YAML', () => {
    const json = JSON.stringify({ flags: { [FLAG]: { ...GOOD, state: 'enabled' } } }, null, 2);
    const block = json
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n');
    const [problem, ...more] = lint(`kind: ConfigMap\ndata:\n  note.txt: hello\n  flags.json: |\n${block}\n`);
    assert.deepEqual([problem?.line, problem?.column, more.length], [4 + 4, 4 + 7, 0]);
    assert.equal(problem?.path, `data.flags.json.flags.${FLAG}.state`);
    const [quoted] = lint(`kind: ConfigMap\ndata:\n  flags.json: '${JSON.stringify(JSON.parse(json))}'\n`);
    assert.deepEqual([quoted?.line, quoted?.path], [3, `data.flags.json.flags.${FLAG}.state`]);
  });

  test('takes the keys of a ConfigMap that do not hold the flag for those of others, and several that do for an error', () => {
    const ours = JSON.stringify({ flags: { [FLAG]: GOOD } });
    const theirs = JSON.stringify({ flags: { other: GOOD } });
    const map = (data: Record<string, string>) =>
      `kind: ConfigMap\ndata:\n${Object.entries(data)
        .map(([key, json]) => `  ${key}: '${json}'\n`)
        .join('')}`;
    assert.deepEqual(lint(map({ 'a.json': theirs, 'b.json': ours })), []);
    const both = lint(map({ 'a.json': theirs, 'b.json': ours, 'c.json': ours }));
    assert.deepEqual(
      both.map(({ line, path, severity }) => [line, path, severity]),
      [
        [4, 'data.b.json', 'error'],
        [5, 'data.c.json', 'error'],
      ],
    );
    assert.match(both[0]?.message ?? '', /is in several keys: b\.json, c\.json; flagd reads one of them/);
    assert.match(lint(map({ 'a.json': theirs }))[0]?.message ?? '', /there is no flag/);
  });

  test('finds traps in a key of a ConfigMap that has another name, and passes over keys that hold something else', () => {
    const json = JSON.stringify({ flags: { [FLAG]: { ...GOOD, state: 'enabled' } } });
    const [problem, ...more] = lint(`kind: ConfigMap\ndata:\n  flags: '${json}'\n  app.properties: '{a}'\n`);
    assert.deepEqual([problem?.path, more.length], [`data.flags.flags.${FLAG}.state`, 0]);
  });

  test('reads manifests in JSON, and flagd files in YAML', () => {
    const flagSpec = { flags: { [FLAG]: { ...GOOD, state: 'enabled' } } };
    assert.equal(
      lint(JSON.stringify({ kind: 'FeatureFlag', spec: { flagSpec } }), 'flags.json')[0]?.path,
      `spec.flagSpec.flags.${FLAG}.state`,
    );
    assert.equal(lint(`flags:\n  ${FLAG}: 5\n`)[0]?.line, 2);
  });

  test('says so where there are no flags, or no YAML', () => {
    assert.match(lint('kind: Deployment\n')[0]?.message ?? '', /there are no flags here/);
    assert.match(lint('')[0]?.message ?? '', /there are no flags here/);
    assert.match(lint('kind: FeatureFlag\n')[0]?.message ?? '', /the file is nothing/);
    assert.match(lint('a: [\n')[0]?.message ?? '', /this is no YAML/);
  });
});
