import fc, { type Arbitrary } from 'fast-check';
import { type Schema, whyInvalid } from './document.ts';

/** Texts that parsers, databases and shells have stumbled over. All of them can be percent-encoded. */
export const hostileText: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    'null',
    'undefined',
    'NaN',
    '__proto__',
    'constructor',
    "'; DROP TABLE violations; --",
    '$1',
    '\\',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    '{"$ne":1}',
    '-1',
    '1e3',
    '0x10',
    '1.0',
    '9223372036854775808',
    '\u202e',
    '\ufeff1',
    '٣',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.integer({ min: 1, max: 3_000 }).map((length) => 'x'.repeat(length)),
  fc.bigInt().map(String),
);

/** Values of every type, some with keys that reach for prototypes. Deep nesting has a test of its own. */
export const hostileJson: Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(1e308, -1, 0.5, true, null, '', [], {}, [[]], Number.MAX_SAFE_INTEGER, 'x'.repeat(20_000)),
  fc
    .constantFrom('__proto__', 'constructor', 'prototype', 'toString')
    .map((key) => JSON.parse(`{"${key}": {"polluted": true}}`)),
  fc.integer({ min: 1, max: 1_000 }).map((depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))),
);

/** Values that a schema allows, as far as the schemas of our documents go. */
export function valuesOf(schema: Schema): Arbitrary<unknown> {
  const {
    const: only,
    enum: values,
    anyOf,
    type,
  } = schema as {
    const?: unknown;
    enum?: readonly unknown[];
    anyOf?: readonly Schema[];
    type?: string;
  };
  if (only !== undefined) {
    return fc.constant(only);
  }
  if (values !== undefined) {
    return fc.constantFrom(...values);
  }
  if (anyOf !== undefined) {
    return fc.oneof(...anyOf.map(valuesOf));
  }
  switch (type) {
    case 'string':
      return textsOf(schema);
    case 'integer':
      return fc.integer(rangeOf(schema));
    case 'number':
      return fc.double({ ...rangeOf(schema), noNaN: true });
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valuesOf(schema.items as Schema), {
        minLength: (schema.minItems as number | undefined) ?? 0,
        maxLength: Math.min((schema.maxItems as number | undefined) ?? 5, 5),
      });
    case 'object':
      return objectsOf(schema);
    default:
      throw new Error(`no values are known for ${JSON.stringify(schema)}`);
  }
}

function rangeOf({ minimum = 0, maximum = 1_000_000 }: { minimum?: number; maximum?: number }) {
  return { min: minimum, max: maximum };
}

function objectsOf({ properties = {}, required = [] }: { properties?: Record<string, Schema>; required?: string[] }) {
  const model = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema)]));
  return fc.record(model, { requiredKeys: required, noNullPrototype: true });
}

/** With the longest that is allowed, in characters that take two UTF-16 units and four bytes. */
function textsOf(schema: Schema): Arbitrary<unknown> {
  const {
    minLength = 0,
    maxLength,
    pattern,
    format,
  } = schema as {
    minLength?: number;
    maxLength?: number;
    pattern?: string;
    format?: string;
  };
  if (format === 'date-time') {
    return fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString());
  }
  const free = fc.string({ unit: 'binary', minLength, maxLength: Math.min(maxLength ?? 50, 50) });
  const longest = maxLength === undefined ? [] : [fc.constantFrom('😀'.repeat(maxLength), 'x'.repeat(maxLength))];
  const matching = pattern === undefined ? [] : [fc.stringMatching(new RegExp(pattern))];
  const isOpen = pattern === undefined || whyInvalid({ pattern }, '😀') === undefined;
  return fc
    .oneof(...(isOpen ? [{ arbitrary: free, weight: 4 }, ...longest] : []), ...matching)
    .filter((text) => text.isWellFormed() && whyInvalid(schema, text) === undefined);
}
