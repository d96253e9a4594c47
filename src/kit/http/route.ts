import type Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import type { Static, TObject, TSchema } from 'typebox';
import { bodyReader, readJson } from './json-body.ts';
import { parametersReader } from './parameters.ts';
import { answerProblem, invalidParameters, Problem } from './problems.ts';

/** One of the answers that a route gives: for people, and for its OpenAPI document. */
export type Answer = {
  readonly description: string;
  /** What each means. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** By media type. */
  readonly content: Readonly<Record<string, { readonly schema?: TSchema }>>;
};
/** By status. */
type Answers = Readonly<Record<number, Answer>>;

/** Who may ask: what a request passes before it is read, and what is answered to whoever does not. */
export type Access = {
  readonly through: readonly Middleware[];
  /** The security scheme of the document that it needs. */
  readonly security?: string;
  readonly answers: Answers;
};

type Description = {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** As OpenAPI writes it: `/things/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary?: string;
  readonly access: Access;
  readonly answers: Answers;
};

type Schemas<P extends TObject, Q extends TObject, B extends TSchema> = {
  readonly params?: P;
  readonly query?: Q;
  /** JSON of up to `limit`, such as `16kb`. */
  readonly body?: {
    readonly schema: B;
    readonly limit: string;
    /** What the document says where the handler checks more than the schema, part by part. */
    readonly documented?: TSchema;
  };
};

export type Route = Description & Schemas<TObject, TObject, TSchema> & { readonly answer: Middleware };

/** What its schemas made of a request. */
type Asked<P extends TObject, Q extends TObject, B extends TSchema> = {
  readonly params: Static<P>;
  readonly query: Static<Q>;
  readonly body: Static<B>;
};

type Handled<P extends TObject, Q extends TObject, B extends TSchema> = Description &
  Schemas<P, Q, B> & {
    /** Is called only with what the schemas allow. */
    readonly handle: (ctx: Context, asked: Asked<P, Q, B>) => void | Promise<void>;
  };

/** A route in one place: where it is, who may ask, what it takes, and what it answers. */
export function route<P extends TObject, Q extends TObject, B extends TSchema>(handled: Handled<P, Q, B>): Route {
  const { handle, ...description } = handled;
  const readParameters = parametersReader(handled.params, handled.query);
  const readBody = handled.body && bodyReader(handled.body.schema);
  const answer: Middleware = (ctx) => {
    const parameters = readParameters(ctx.params, ctx.querystring);
    if (!parameters.ok) {
      return answerProblem(ctx, invalidParameters(parameters.errors));
    }
    const body = readBody?.(ctx);
    // Already answered: a body that the schema allows is never undefined.
    if (readBody !== undefined && body === undefined) {
      return;
    }
    return handle(ctx, { ...parameters.value, body: body as Static<B> });
  };
  return { ...description, answer };
}

export function addRoutes(router: Router, routes: readonly Route[]): void {
  for (const { method, path, access, body, answer } of routes) {
    const parsers = body === undefined ? [] : [readJson(body.limit)];
    router[method](path.replaceAll(/\{(\w+)\}/g, ':$1'), ...access.through, ...parsers, answer);
  }
}

/** Everybody, at any time. */
export const OPEN: Access = { through: [], answers: {} };

export const jsonAnswer = (description: string, schema: TSchema, headers?: Answer['headers']): Answer => ({
  description,
  headers,
  content: { 'application/json': { schema } },
});

/** A failure as {@link Problem}. */
export const problemAnswer = (description: string, headers?: Answer['headers']): Answer => ({
  description,
  headers,
  content: { 'application/problem+json': { schema: Problem } },
});
