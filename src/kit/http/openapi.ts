import type { TObject, TSchema } from 'typebox';
import { Problem } from './problems.ts';
import type { Answer, Route } from './route.ts';

export type DocumentParts = {
  readonly title: string;
  readonly description: string;
  readonly routes: readonly Route[];
  /** What is written once and referred to, by name. */
  readonly schemas?: Readonly<Record<string, TSchema>>;
  readonly securitySchemes?: Readonly<Record<string, object>>;
};

const header = (description: string) => ({ description, schema: { type: 'string' } });
const requestId = { 'X-Request-Id': header("The request's id: the client's own, or one made for it.") };

/** The OpenAPI document of the routes, from the schemas that validate their requests. */
export function openApiOf({ title, description, routes, schemas = {}, securitySchemes }: DocumentParts): object {
  const named = { Problem, ...schemas };
  const names = new Map(Object.entries(named).map(([name, schema]) => [schema as TSchema, name]));
  const written = (schema: TSchema) => {
    const name = names.get(schema);
    return name === undefined ? schema : { $ref: `#/components/schemas/${name}` };
  };
  const answer = ({ description, headers = {}, content }: Answer) => ({
    description,
    headers: { ...requestId, ...mapped(headers, header) },
    content: mapped(content, ({ schema }) => (schema === undefined ? {} : { schema: written(schema) })),
  });
  const operation = ({ operationId, summary, access, params, query, body, answers }: Route) => ({
    operationId,
    ...(summary && { summary }),
    ...((params || query) && { parameters: [...parametersIn('path', params), ...parametersIn('query', query)] }),
    ...(access.security && { security: [{ [access.security]: [] }] }),
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: written(body.documented ?? body.schema) } },
      },
    }),
    responses: mapped({ ...access.answers, ...answers }, answer),
  });
  const paths: Record<string, object> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title, version: '1', description },
    paths,
    components: { ...(securitySchemes && { securitySchemes }), schemas: named },
  };
}

const parametersIn = (place: 'path' | 'query', schema: TObject | undefined) =>
  Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: schema?.required?.includes(name) === true && !('default' in property),
    schema: property,
  }));

const mapped = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
