import type { ErrorObject } from 'ajv';

/** One thing that is wrong with a value: where in it, and what is allowed there. */
export type Wrong = { readonly at: readonly string[]; readonly allowed: string } & (
  | { readonly kind: 'missing' | 'unknown'; readonly key: string }
  | { readonly kind: 'value'; readonly value: unknown }
);

/** What a schema says of one value, as far as it can be put into words. */
export type Keywords = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Keywords>>;
};

/** One for each place: of several errors there the first, unless a later one's schema has its own words. */
export function wrongsOf(errors: readonly ErrorObject[]): Wrong[] {
  const found = new Map<string, Wrong & { readonly isDescribed: boolean }>();
  for (const error of errors) {
    const wrong = wrongOf(error);
    const place = JSON.stringify([wrong.kind, wrong.at, wrong.kind === 'value' ? '' : wrong.key]);
    if (found.get(place)?.isDescribed !== true && (wrong.isDescribed || !found.has(place))) {
      found.set(place, wrong);
    }
  }
  return Array.from(found.values(), ({ isDescribed: _, ...wrong }) => wrong);
}

function wrongOf({ instancePath, keyword, params, data, parentSchema }: ErrorObject) {
  const at = instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const schema = (parentSchema ?? {}) as Keywords;
  const { properties = {} } = schema;
  switch (keyword) {
    case 'required': {
      const key: string = params.missingProperty;
      return { kind: 'missing', at, key, allowed: allowedBy(properties[key] ?? {}), isDescribed: true } as const;
    }
    case 'additionalProperties': {
      const key: string = params.additionalProperty;
      return { kind: 'unknown', at, key, allowed: Object.keys(properties).join(', '), isDescribed: true } as const;
    }
    default: {
      const isDescribed = schema.description !== undefined;
      return { kind: 'value', at, value: data, allowed: allowedBy(schema), isDescribed } as const;
    }
  }
}

/** @param whole how the value itself is called, such as `the body`. */
export function inWords(wrong: Wrong, whole: string): string {
  const where = wrong.at.join('.') || whole;
  switch (wrong.kind) {
    case 'missing':
      return `${where} lacks ${wrong.key}; allowed: ${wrong.allowed}`;
    case 'unknown':
      return `${where} has an unknown key ${nameOf(wrong.key)}; allowed: ${wrong.allowed}`;
    case 'value':
      return `${where} is ${shown(wrong.value)}; allowed: ${wrong.allowed}`;
  }
}

/** A schema's own words for what it allows, else what its keywords come to. */
export const allowedBy = (schema: Keywords): string => schema.description ?? allowedOf(schema);

/** What a schema's keywords allow, where its description says something else. */
export function allowedOf({ type, const: only, enum: values, minimum, maximum, pattern, examples }: Keywords): string {
  if (only !== undefined || values !== undefined) {
    return (values ?? [only]).map((value) => (typeof value === 'string' ? value : shown(value))).join(', ');
  }
  switch (type) {
    case 'integer':
    case 'number': {
      const bounds = [minimum !== undefined && ` from ${minimum}`, maximum !== undefined && ` to ${maximum}`];
      return `a ${type === 'integer' ? 'whole ' : ''}number${bounds.filter(Boolean).join('')}`;
    }
    case 'boolean':
      return 'true, false';
    case 'string':
      return examples?.join(', ') ?? (pattern === undefined ? 'a text' : `a text that matches ${pattern}`);
    case 'array':
      return 'a list';
    case 'object':
      return 'an object';
    default:
      return type ?? 'something else';
  }
}

const SHOWN_CHARACTERS = 80;
const PLAIN_NAME = /^[\w.-]{1,80}$/;

const nameOf = (key: string) => (PLAIN_NAME.test(key) ? key : shown(key));

/** The beginning of a value, for people who sent it. */
export function shown(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? 'nothing';
    return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  } catch {
    return 'something nested too deeply to be shown';
  }
}
