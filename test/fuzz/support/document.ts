import { Ajv, type ValidateFunction } from 'ajv';
import type { RawAnswer } from './raw-http.ts';

export type Schema = { readonly [keyword: string]: unknown };
export type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly schema: Schema;
};
type Response = {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
};
export type Operation = {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Of a JSON body; undefined where none is described. */
  readonly body: Schema | undefined;
  readonly needsToken: boolean;
  readonly responses: Readonly<Record<string, Response>>;
};

type WrittenOperation = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly security?: readonly unknown[];
  readonly responses: Readonly<Record<string, Response>>;
};
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, WrittenOperation>>>> };

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const ajv = new Ajv({ strict: false, formats: { int64: true, 'date-time': RFC_3339 } });
const compiled = new WeakMap<Schema, ValidateFunction>();

export function whyInvalid(schema: Schema, value: unknown): string | undefined {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

/** The operations of an OpenAPI document as it is served, with what it refers to put in place. */
export function readOperations(text: string): readonly Operation[] {
  const written = JSON.parse(text);
  const document: Document = JSON.parse(text, (_key, value) => {
    const ref: unknown = value?.$ref;
    return typeof ref === 'string'
      ? ref
          .slice(2)
          .split('/')
          .reduce((at, part) => at[part], written)
      : value;
  });
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, security, responses }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
      needsToken: security !== undefined,
      responses,
    })),
  );
}

/** @returns why the document does not describe this answer; undefined where it does. */
export function whyUndescribed({ responses }: Operation, { status, headers, text }: RawAnswer): string | undefined {
  const response = responses[status];
  if (response === undefined) {
    return `status ${status} is not described`;
  }
  const lacking = Object.keys(response.headers ?? {}).find((name) => headers[name.toLowerCase()] === undefined);
  if (lacking !== undefined) {
    return `${status} lacks the header ${lacking}`;
  }
  if (response.content === undefined) {
    return undefined;
  }
  const type = headers['content-type']?.split(';')[0] ?? '';
  const content = response.content[type];
  if (content === undefined) {
    return `${status} has the content type ${type}; described: ${Object.keys(response.content).join(', ')}`;
  }
  return content.schema && whyInvalid(content.schema, JSON.parse(text));
}
