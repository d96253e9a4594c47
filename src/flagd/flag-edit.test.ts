import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { editFlag, type FlagEdit } from './flag-edit.ts';
import { nodeAt, textOf } from './json-edit.ts';
import { isNoRule } from './lease.ts';
import { readPercent } from './read-percent.ts';

const FLAG = 'violation-status-domain-percent';
const GOOD = { state: 'ENABLED', variants: { off: 0, p5: 5, p10: 10 }, defaultVariant: 'p5' };
const RULE = '{"if": [\n  {"==":[{"var":"handled_by"},"qa"]}, "p10",null ]}';

const fileOf = (definition: unknown) => JSON.stringify({ flags: { [FLAG]: definition } }, null, 2);
const definitionOf = (text: string) => JSON.parse(text).flags[FLAG];

function edited(text: string, percent: number, leaseUntilMs?: number, flagKey = FLAG): string {
  const result = editFlag(text, { flagKey, percent, leaseUntilMs });
  assert.equal(result.kind, 'edited', JSON.stringify(result));
  return (result as { text: string }).text;
}

function refusal(text: string, edit: Partial<FlagEdit>): string {
  const result = editFlag(text, { flagKey: FLAG, percent: 10, leaseUntilMs: undefined, ...edit });
  assert.equal(result.kind, 'refused');
  return (result as { problems: readonly string[] }).problems.join('\n');
}

describe('setting the percent of a flag', () => {
  test('names the variant of that value, and changes nothing else', () => {
    const text = fileOf(GOOD);
    assert.equal(edited(text, 10), text.replace('"defaultVariant": "p5"', '"defaultVariant": "p10"'));
    assert.equal(edited(text, 5), text);
  });

  test('adds a variant where none has the value, laid out like the others', () => {
    const text = fileOf({ ...GOOD, variants: { p5: 5 } });
    assert.equal(edited(text, 7), text.replace('"p5": 5', '"p5": 5,\n        "p7": 7').replace('t": "p5"', 't": "p7"'));
    const minified = JSON.stringify(JSON.parse(text));
    assert.equal(edited(minified, 0), minified.replace('"p5":5', '"p5":5,"off":0').replace('t":"p5"', 't":"off"'));
  });

  test('does not change what a name means that is taken', () => {
    const { variants, defaultVariant } = definitionOf(
      edited(fileOf({ ...GOOD, variants: { p5: 5, off: 3, p7: 70 } }), 0),
    );
    assert.deepEqual([variants, defaultVariant], [{ p5: 5, off: 3, p7: 70, 'off-2': 0 }, 'off-2']);
  });

  test('refuses to raise a flag that is DISABLED, missing or broken, and says why', () => {
    assert.match(refusal(fileOf({ ...GOOD, state: 'DISABLED' }), {}), /DISABLED.*for people/);
    assert.match(refusal(fileOf(GOOD), { flagKey: 'other' }), /flags\.other: there is no such flag/);
    assert.match(refusal(fileOf({ ...GOOD, defaultVariant: 'gone' }), {}), /defaultVariant is "gone"/);
    assert.match(refusal('{', { percent: 0 }), /^1:2: this is not valid JSON/);
  });

  test('writes the state where one is asked for, also where there is none, and leaves it as it is else', () => {
    const state = (text: string, percent: number, asked?: 'ENABLED' | 'DISABLED') => {
      const result = editFlag(text, { flagKey: FLAG, percent, leaseUntilMs: undefined, state: asked });
      assert.equal(result.kind, 'edited', JSON.stringify(result));
      return definitionOf((result as { text: string }).text);
    };
    const down = { ...GOOD, state: 'DISABLED', defaultVariant: 'off' };
    assert.deepEqual(state(fileOf(GOOD), 0, 'DISABLED'), down);
    assert.deepEqual(state(fileOf(down), 10, 'ENABLED'), { ...GOOD, defaultVariant: 'p10' });
    assert.deepEqual(state(fileOf(down), 0), down);
    assert.equal(state(fileOf({ ...GOOD, state: 'on' }), 0, 'DISABLED').state, 'DISABLED');
    assert.match(refusal(fileOf(down), { state: 'DISABLED' }), /DISABLED.*for people/);
  });

  test('refuses an edit that another key of the same name would undo', () => {
    assert.match(
      refusal(fileOf(GOOD).replace('"state"', '"defaultVariant": "p5",\n "state"'), {}),
      /keys that are there twice/,
    );
  });

  test('goes to 0 from anything that is JSON with flags, and leaves DISABLED as it is', () => {
    const cases: unknown[] = [
      undefined,
      null,
      5,
      {},
      { state: 'on' },
      { ...GOOD, state: 'enabled' },
      { ...GOOD, variants: [] },
    ];
    for (const definition of [...cases, { ...GOOD, defaultVariant: null }, { ...GOOD, variants: {} }]) {
      assert.deepEqual(readPercent(definitionOf(edited(fileOf(definition), 0))), {
        kind: 'read',
        percent: 0,
        leaseUntilMs: undefined,
      });
    }
    assert.equal(definitionOf(edited(fileOf({ ...GOOD, state: 'DISABLED' }), 0)).state, 'DISABLED');
  });
});

describe('the lease', () => {
  const leased = (text: string, untilMs: number, percent = 10) => edited(text, percent, untilMs);

  test('is written, read back, renewed by its number alone, and taken away without a trace', () => {
    const text = fileOf({ ...GOOD, defaultVariant: 'p10' });
    const first = leased(text, 1_700_000_000_999);
    assert.deepEqual(readPercent(definitionOf(first)), { kind: 'read', percent: 10, leaseUntilMs: 1_700_000_000_000 });
    assert.equal(leased(first, 1_700_000_300_000), first.replace('1700000000', '1700000300'));
    assert.equal(edited(first, 10), text);
  });

  test("keeps the user's own rule to the character, inside and after", () => {
    const text = fileOf({ ...GOOD, defaultVariant: 'p10', targeting: 1 }).replace(
      '"targeting": 1',
      `"targeting": ${RULE}`,
    );
    const first = leased(text, 1_700_000_000_000);
    assert.ok(first.includes(`"off", ${RULE}] }`), first);
    assert.equal(edited(leased(first, 1_700_000_300_000), 10), text);
  });

  test('does not make a result of an empty rule', () => {
    for (const targeting of [{}, null]) {
      assert.equal(definitionOf(leased(fileOf({ ...GOOD, targeting }), 1_000)).targeting.if[2], null);
    }
  });

  test('adds the variant of 0 it ends in', () => {
    const { variants, targeting } = definitionOf(leased(fileOf({ ...GOOD, variants: { p5: 5, p10: 10 } }), 1_000));
    assert.deepEqual([variants.off, targeting.if[1]], [0, 'off']);
  });

  test('is not seen in a rule of the user that only looks similar', () => {
    const targeting = { if: [{ '>=': [{ var: 'timestamp' }, 5] }, 'off', null] };
    const text = fileOf({ ...GOOD, targeting });
    assert.equal(edited(text, 5), text);
  });
});

test('whatever else is in the file, and however it is laid out, stays byte for byte', () => {
  const layout = fc.constantFrom<[string | number, string]>(
    [2, '\n'],
    [4, '\n'],
    ['\t', '\r\n'],
    [0, '\n'],
    [2, '\r\n'],
  );
  const variants = fc.dictionary(fc.string({ maxLength: 5 }), fc.integer({ min: 0, max: 100 }), {
    noNullPrototype: true,
  });
  const rule = fc.option(fc.constantFrom(JSON.parse(RULE), {}, null), { nil: undefined });
  const key = fc.string({ minLength: 1 }).filter((name) => name !== FLAG && name !== '__proto__');
  const others = fc.dictionary(key, fc.jsonValue(), { noNullPrototype: true });
  const percent = fc.integer({ min: 0, max: 100 });
  const lease = fc.option(fc.integer({ min: 1, max: 4e12 }), { nil: undefined });
  fc.assert(
    fc.property(
      layout,
      variants,
      rule,
      others,
      others,
      percent,
      lease,
      (format, named, targeting, before, after, to, until) => {
        fc.pre(!Object.hasOwn(named, '__proto__'));
        const ours = { state: 'ENABLED', variants: { ...named, off: 0, start: 5 }, defaultVariant: 'start', targeting };
        const text = JSON.stringify(
          { flags: { ...before, [FLAG]: ours, ...after }, more: before },
          null,
          format[0],
        ).replaceAll('\n', format[1]);
        const next = edited(text, to, until);
        const [old, now] = [nodeAt(text, ['flags', FLAG]), nodeAt(next, ['flags', FLAG])];
        assert.ok(old && now);
        assert.equal(next.slice(0, now.offset), text.slice(0, old.offset));
        assert.equal(next.slice(now.offset + now.length), text.slice(old.offset + old.length));
        const definition = JSON.parse(textOf(next, now));
        assert.deepEqual({ ...definition.variants, ...ours.variants }, definition.variants);
        const leaseUntilMs = until === undefined ? undefined : Math.floor(until / 1_000) * 1_000;
        assert.deepEqual(readPercent(definition), { kind: 'read', percent: to, leaseUntilMs });
        // A rule that was none is not worth keeping; anything else is as it was once the lease is gone.
        if (!isNoRule(targeting) || targeting === undefined) {
          const settled = edited(next, to);
          assert.equal(edited(edited(edited(settled, to, 5_000), to, 9_000), to), settled);
        }
      },
    ),
  );
});
