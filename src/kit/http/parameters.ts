import type { Static, TObject } from 'typebox';
import { type Checked, compile } from '../schema.ts';
import { allowedBy, type Keywords } from '../schema-errors.ts';
import type { ParameterError } from './problems.ts';

type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly ParameterError[] };

type Texts = Readonly<Record<string, string>>;

const SHOWN_CHARACTERS = 60;
/** Of a query in which more is wrong than anybody writes by mistake, the rest is not looked at. */
const MOST_ERRORS = 20;
const DIGITS = /^\d{1,15}$/;

/** @returns what reads the parameters in a route's path, as the router found them, and those in its query. */
export function parametersReader<P extends TObject, Q extends TObject>(params: P | undefined, query: Q | undefined) {
  const readPath = params && pathReader(params);
  const readQuery = query && queryReader(query);
  return (texts: Texts, querystring: string): Parsed<{ params: Static<P>; query: Static<Q> }> => {
    const inPath = readPath?.(texts);
    const inQuery = readQuery?.(querystring);
    if (inPath?.ok === false || inQuery?.ok === false) {
      return { ok: false, errors: [...errorsOf(inPath), ...errorsOf(inQuery)] };
    }
    return { ok: true, value: { params: inPath?.value as Static<P>, query: inQuery?.value as Static<Q> } };
  };
}

const errorsOf = (read: Parsed<unknown> | undefined) => (read?.ok === false ? read.errors : []);

function pathReader<S extends TObject>(schema: S): (texts: Texts) => Parsed<Static<S>> {
  const check = compile(schema);
  return (texts) => parsed(check(texts), texts, schema);
}

/**
 * Stricter than the usual parsers, which keep one of two values, or put U+FFFD for what is not UTF-8:
 * for a write, neither is what the client meant. Names that the schema does not know are passed over unless it forbids them.
 */
function queryReader<S extends TObject>(schema: S): (query: string) => Parsed<Static<S>> {
  const check = compile(schema);
  const properties = schema.properties as Readonly<Record<string, Keywords>>;
  const takesOthers = (schema as { additionalProperties?: unknown }).additionalProperties !== false;
  const integers = new Set(Object.keys(properties).filter((name) => properties[name]?.type === 'integer'));
  return (query) => {
    const texts: Record<string, string> = Object.create(null);
    const errors: ParameterError[] = [];
    for (const pair of query.split('&')) {
      if (errors.length === MOST_ERRORS) {
        break;
      }
      if (pair === '') {
        continue;
      }
      const [rawName, ...rawValue] = pair.split('=');
      const name = decode(rawName as string) ?? (rawName as string);
      if (takesOthers && !Object.hasOwn(properties, name)) {
        continue;
      }
      const value = decode(rawValue.join('='));
      if (value === undefined) {
        errors.push({ parameter: shorten(name), came: shorten(rawValue.join('=')), allowed: 'percent-encoded UTF-8' });
      } else if (name in texts) {
        errors.push({ parameter: shorten(name), came: 'more than once', allowed: allowedAt(schema, name) });
      } else {
        texts[name] = value;
      }
    }
    return errors.length > 0 ? { ok: false, errors } : parsed(check(numbered(texts, integers)), texts, schema);
  };
}

/** With whole numbers where the schema has them and digits were given. Anything else stays a text, which the schema refuses. */
function numbered(texts: Texts, integers: ReadonlySet<string>): Record<string, unknown> {
  if (integers.size === 0) {
    return texts;
  }
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, integers.has(name) && DIGITS.test(text) ? Number(text) : text]),
  );
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function parsed<T>(checked: Checked<T>, texts: Texts, schema: TObject): Parsed<T> {
  if (checked.ok) {
    return checked;
  }
  const names = new Set(checked.wrong.map((each) => (each.kind === 'value' ? (each.at[0] as string) : each.key)));
  const errors = Array.from(names, (name) => ({
    parameter: shorten(name),
    came: texts[name] === undefined ? null : shorten(texts[name]),
    allowed: allowedAt(schema, name),
  }));
  return { ok: false, errors };
}

function allowedAt({ properties }: TObject, name: string): string {
  return Object.hasOwn(properties, name)
    ? allowedBy(properties[name] as Keywords)
    : `only ${Object.keys(properties).join(', ')}`;
}

function shorten(text: string): string {
  const characters = Array.from(text);
  return characters.length <= SHOWN_CHARACTERS
    ? text
    : `${characters.slice(0, SHOWN_CHARACTERS).join('')}… (${characters.length} characters)`;
}
