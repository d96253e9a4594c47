import { bodyParser } from '@koa/bodyparser';
import { Ajv } from 'ajv';
import type { Context, Middleware } from 'koa';
import { shown } from '../schema-errors.ts';
import { answerProblem, problem } from './problems.ts';

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
          ? problem(413, 'body-too-large', 'Body too large', `The body may have ${limit} at most.`)
          : problem(400, 'invalid-body', 'Invalid body', `The body is no JSON: ${message.slice(0, 200)}.`),
      );
    }
    await next();
  };
}

/** @returns what reads a body, or answers what is wrong with it and gives undefined. */
export function reader<T>(schema: object): (ctx: Context) => T | undefined {
  const validate = new Ajv({ allErrors: true, verbose: true }).compile<T>(schema);
  return (ctx) => {
    const body: unknown = ctx.request.body;
    if (validate(body)) {
      return body;
    }
    const problems = (validate.errors ?? []).map(({ instancePath, message, parentSchema, data, keyword, params }) => {
      const name = instancePath.slice(1).replaceAll('/', '.') || 'the body';
      if (keyword === 'required') {
        return `${name} lacks ${params.missingProperty}`;
      }
      if (keyword === 'additionalProperties') {
        const allowed = Object.keys((parentSchema as { properties: object }).properties).join(', ');
        return `${name} has an unknown key ${JSON.stringify(params.additionalProperty)}; allowed: ${allowed}`;
      }
      const allowed = (parentSchema as { description?: string } | undefined)?.description ?? message;
      return `${name} came as ${shown(data)}; allowed: ${allowed}`;
    });
    answerProblem(ctx, invalid(problems));
    return undefined;
  };
}

export const invalid = (problems: readonly string[]) =>
  problem(400, 'invalid-body', 'Invalid request', `${problems.slice(0, 20).join('. ')}.`);
