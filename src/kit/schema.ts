import { Ajv, type ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { type Wrong, wrongsOf } from './schema-errors.ts';

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly wrong: readonly [Wrong, ...Wrong[]] };

type CompileSettings = {
  /** Whether texts stand for numbers and switches, as in an environment. The value that is checked is changed then. */
  readonly coerceTypes?: boolean;
};

/** Of a value with more parts than this, only the first thing that is wrong is looked for. */
const MOST_PARTS = 20_000;

/** @returns what checks values against the schema. Defaults are put into the value where it lacks them. */
export function compile<S extends TSchema>(schema: S, { coerceTypes = false }: CompileSettings = {}) {
  const { untilFirst, untilLast } = coerceTypes ? COERCING : STRICT;
  const isRight = untilFirst.compile<Static<S>>(schema);
  let all: ValidateFunction | undefined;
  return (value: unknown): Checked<Static<S>> => {
    if (isRight(value)) {
      return { ok: true, value };
    }
    let { errors } = isRight;
    if (hasAtMost(MOST_PARTS, value)) {
      all ??= untilLast.compile(schema);
      all(value);
      errors = all.errors;
    }
    return { ok: false, wrong: wrongsOf(errors ?? []) as [Wrong, ...Wrong[]] };
  };
}

function hasAtMost(most: number, value: unknown): boolean {
  const waiting = [value];
  for (let seen = 1; waiting.length > 0; ) {
    const each = waiting.pop();
    if (typeof each === 'object' && each !== null) {
      const parts = Array.isArray(each) ? each : Object.values(each);
      seen += parts.length;
      if (seen > most) {
        return false;
      }
      waiting.push(...parts);
    }
  }
  return true;
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** An address that can be asked: `http://prometheus:9090`. */
const isHttpUrl = (text: string) => /^https?:\/\/\S+$/.test(text) && URL.canParse(text);

/** A time of RFC 3339 that exists; seconds may be left out. */
const isTime = (text: string) => RFC_3339.test(text) && !Number.isNaN(Date.parse(text));

const STRICT = createCompilers({ coerceTypes: false });
const COERCING = createCompilers({ coerceTypes: true });

function createCompilers({ coerceTypes }: Required<CompileSettings>) {
  const options = {
    verbose: true,
    useDefaults: true,
    coerceTypes,
    formats: { 'date-time': isTime, 'http-url': isHttpUrl },
  };
  return { untilFirst: new Ajv(options), untilLast: new Ajv({ ...options, allErrors: true }) };
}
