import { Ajv, type ValidateFunction } from 'ajv';
import type { Static, TObject } from 'typebox';
import type { ParameterError } from '../../kit/http/problems.ts';
import { ALLOWED_ID, UpdateParameters, ViolationIdText } from './schemas.ts';

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly ParameterError[] };

const SHOWN_CHARACTERS = 60;
const ajv = new Ajv({ allErrors: true });
const validateUpdate = ajv.compile<Static<typeof UpdateParameters>>(UpdateParameters);
const validateId = ajv.compile<string>(ViolationIdText);

export function parseUpdate(
  id: string,
  query: string,
): Parsed<{ violationId: string } & Static<typeof UpdateParameters>> {
  const parameters = parseQuery(query, UpdateParameters);
  const idErrors = errorsOfId(id);
  if (!parameters.ok) {
    return { ok: false, errors: [...idErrors, ...parameters.errors] };
  }
  const value = parameters.value;
  const errors = [...idErrors, ...errorsOf(validateUpdate, UpdateParameters, value)];
  return errors.length > 0
    ? { ok: false, errors }
    : { ok: true, value: { ...(value as Static<typeof UpdateParameters>), violationId: id } };
}

export function parseId(id: string): Parsed<string> {
  const errors = errorsOfId(id);
  return errors.length > 0 ? { ok: false, errors } : { ok: true, value: id };
}

function errorsOfId(id: string): ParameterError[] {
  return validateId(id) ? [] : [{ parameter: 'violation_id', came: shorten(id), allowed: ALLOWED_ID }];
}

/**
 * The query's parameters, decoded. Stricter than the usual parsers, which keep one of two values, or put U+FFFD for what is
 * not UTF-8: for a write, neither is what the client meant.
 */
function parseQuery(query: string, schema: TObject): Parsed<Record<string, string>> {
  const value: Record<string, string> = Object.create(null);
  const errors: ParameterError[] = [];
  for (const pair of query.split('&')) {
    if (pair === '') {
      continue;
    }
    const [rawName, ...rawValue] = pair.split('=');
    const name = decode(rawName as string) ?? (rawName as string);
    const decoded = decode(rawValue.join('='));
    if (decoded === undefined) {
      errors.push({ parameter: shorten(name), came: shorten(rawValue.join('=')), allowed: 'percent-encoded UTF-8' });
    } else if (name in value) {
      errors.push({ parameter: shorten(name), came: 'more than once', allowed: allowedFor(schema, name) });
    } else {
      value[name] = decoded;
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, value };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function errorsOf(validate: ValidateFunction, schema: TObject, value: Record<string, string>): ParameterError[] {
  if (validate(value)) {
    return [];
  }
  const names = (validate.errors ?? []).map(
    ({ instancePath, params }) => params.additionalProperty ?? params.missingProperty ?? instancePath.slice(1),
  );
  return Array.from(new Set<string>(names), (name) => ({
    parameter: shorten(name),
    came: value[name] === undefined ? null : shorten(value[name]),
    allowed: allowedFor(schema, name),
  }));
}

function allowedFor(schema: TObject, name: string): string {
  const property = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  return (
    (property as { description?: string } | undefined)?.description ??
    `only ${Object.keys(schema.properties).join(', ')}`
  );
}

function shorten(text: string): string {
  const characters = Array.from(text);
  return characters.length <= SHOWN_CHARACTERS
    ? text
    : `${characters.slice(0, SHOWN_CHARACTERS).join('')}… (${characters.length} characters)`;
}
