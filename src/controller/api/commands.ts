import { CommandAnswer, CommandRequest } from '../../contract/schemas.ts';
import { answerProblem, invalidBody } from '../../kit/http/problems.ts';
import { jsonAnswer, problemAnswer, type Route, route } from '../../kit/http/route.ts';
import { answerOutcome } from './outcome.ts';
import type { ApiParts } from './parts.ts';

/** POST /api/commands: what a person wants done. */
export const commands = ({ loop, status, may }: ApiParts): Route =>
  route({
    method: 'post',
    path: '/api/commands',
    operationId: 'command',
    access: may.change,
    body: { schema: CommandRequest, limit: '16kb' },
    answers: {
      200: jsonAnswer('Done.', CommandAnswer),
      409: problemAnswer('It cannot be done now; the detail says why.'),
    },
    handle: async (ctx, { body: { command: name, actor, reason, to } }) => {
      if (to !== undefined && name !== 'rollback') {
        return answerProblem(ctx, invalidBody([`to was given with ${name}; it is for rollback only`]));
      }
      answerOutcome(ctx, await loop.command({ name, actor, reason, to }), status);
    },
  });
