import type Koa from 'koa';
import type { Context } from 'koa';
import Type from 'typebox';

export type ParameterError = { readonly parameter: string; readonly came: string | null; readonly allowed: string };

export type ProblemDetails = Omit<Type.Static<typeof Problem>, 'request_id'>;

/** Has the types of an application's problems begin with `types`, such as `urn:example:problem:`. */
export function nameProblems(app: Koa, types: string): void {
  app.context.problemTypes = types;
}

/** Answers a failure as problem details (RFC 9457). */
export function answerProblem(ctx: Context, problem: ProblemDetails): void {
  ctx.status = problem.status;
  ctx.body = JSON.stringify({ ...problem, type: ctx.problemTypes + problem.type, request_id: ctx.state.requestId });
  ctx.type = 'application/problem+json';
}

/** @param type the end of its type, for programs. */
export const problem = (status: number, type: string, title: string, detail: string): ProblemDetails => ({
  type,
  title,
  status,
  detail,
});

export const invalidParameters = (errors: readonly ParameterError[]): ProblemDetails => ({
  ...problem(400, 'invalid-parameters', 'Invalid parameters', errors.map(describe).join(' ')),
  errors: [...errors],
});

const describe = ({ parameter, came, allowed }: ParameterError) =>
  `${parameter}: ${came === null ? 'missing' : `is ${JSON.stringify(came)}`}; allowed: ${allowed}.`;

export const noSuchRoute = (method: string, path: string, document: string) =>
  problem(404, 'no-such-route', 'No such route', `${method} ${path} does not exist; ${document} lists the routes.`);

export const methodNotAllowed = (method: string, allowed: string) =>
  problem(405, 'method-not-allowed', 'Method not allowed', `${method} is not supported here; allowed: ${allowed}.`);

export const bodyTooLarge = (detail: string) => problem(413, 'body-too-large', 'Body too large', detail);

export const invalidBody = (problems: readonly string[]) =>
  problem(400, 'invalid-body', 'Invalid request', `${problems.join('. ')}.`);

export const internalError = () =>
  problem(
    500,
    'internal-error',
    'Internal error',
    'Something unexpected went wrong. Its log line has this request id.',
  );

export const unavailable = (detail: string) => problem(503, 'unavailable', 'Unavailable', detail);

/** RFC 9457. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  request_id: Type.String(),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        parameter: Type.String(),
        came: Type.Union([Type.String(), Type.Null()], { description: 'What was given; null where nothing was.' }),
        allowed: Type.String(),
      }),
    ),
  ),
});
