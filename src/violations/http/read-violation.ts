import type { RouterMiddleware } from '@koa/router';
import type { Logger } from 'pino';
import { answerUnavailable } from '../../kit/http/middleware.ts';
import { answerProblem, invalidParameters } from '../../kit/http/problems.ts';
import type { Violation } from '../violation.ts';
import { parseId } from './parameters.ts';
import { noSuchViolation } from './problems.ts';

type Parts = { readonly read: (id: string) => Promise<Violation | undefined>; readonly log: Logger };

/** GET /api/v1/records/violations/{violation_id} */
export function readViolation({ read, log }: Parts): RouterMiddleware {
  return async (ctx) => {
    const id = parseId(ctx.params.violation_id as string);
    if (!id.ok) {
      return answerProblem(ctx, invalidParameters(id.errors));
    }
    let violation: Violation | undefined;
    try {
      violation = await read(id.value);
    } catch (error) {
      log.error({ request_id: ctx.state.requestId, error: (error as Error).message }, 'cannot read a violation');
      return answerUnavailable(ctx, 'The violation could not be read.');
    }
    if (violation === undefined) {
      return answerProblem(ctx, noSuchViolation(id.value));
    }
    ctx.type = 'application/json';
    ctx.body = JSON.stringify({
      id: JSON.rawJSON(violation.id),
      status: violation.status,
      notes: violation.notes,
      handled_by: violation.handledBy,
      handled_at: violation.handledAt,
      version: violation.version,
    });
  };
}
