import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import type { Static, TSchema } from 'typebox';
import { compile } from '../schema.ts';
import { inWords } from '../schema-errors.ts';
import { answerProblem, bodyTooLarge, invalidBody, problem } from './problems.ts';

/** @param limit such as `16kb`. */
export function readJson(limit: string): Middleware {
  const parse = bodyParser({ enableTypes: ['json'], jsonLimit: limit, detectJSON: () => true });
  return async (ctx, next) => {
    try {
      await parse(ctx, async () => {});
    } catch (error) {
      const { status, message } = error as { status?: number; message: string };
      const isLarge = status === 413;
      ctx.set('Connection', 'close');
      return answerProblem(
        ctx,
        isLarge
          ? bodyTooLarge(`The body may have ${limit} at most.`)
          : problem(400, 'invalid-body', 'Invalid body', `The body is not valid JSON: ${message.slice(0, 200)}.`),
      );
    }
    await next();
  };
}

const MOST_NAMED = 20;

/** @returns what reads a body, or answers what is wrong with it and gives undefined. */
export function bodyReader<S extends TSchema>(schema: S): (ctx: Context) => Static<S> | undefined {
  const check = compile(schema);
  return (ctx) => {
    const checked = check(ctx.request.body);
    if (checked.ok) {
      return checked.value;
    }
    answerProblem(ctx, invalidBody(checked.wrong.slice(0, MOST_NAMED).map((wrong) => inWords(wrong, 'the body'))));
    return undefined;
  };
}
