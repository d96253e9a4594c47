import type { Logger } from 'pino';
import Type from 'typebox';
import { answerUnavailable, RETRY_AFTER } from '../../kit/http/middleware.ts';
import { answerProblem } from '../../kit/http/problems.ts';
import { type Access, jsonAnswer, problemAnswer, type Route, route } from '../../kit/http/route.ts';
import type { Violation } from '../violation.ts';

import { noSuchViolation, StatusName, ViolationIdNumber, ViolationPath } from './common.ts';

type ReadViolationParts = {
  readonly read: (id: string) => Promise<Violation | undefined>;
  readonly log: Logger;
  readonly access: Access;
};

export const ViolationAnswer = Type.Object(
  {
    id: ViolationIdNumber,
    status: StatusName,
    notes: Type.Union([Type.String(), Type.Null()]),
    handled_by: Type.Union([Type.String(), Type.Null()]),
    handled_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    version: Type.Integer({ minimum: 0, description: 'How many changes were applied.' }),
  },
  { additionalProperties: false },
);

/** GET /api/v1/records/violations/{violation_id} */
export const readViolation = ({ read, log, access }: ReadViolationParts): Route =>
  route({
    method: 'get',
    path: '/api/v1/records/violations/{violation_id}',
    operationId: 'readViolation',
    summary: 'Read a violation back',
    access,
    params: ViolationPath,
    answers: {
      200: jsonAnswer('The violation.', ViolationAnswer),
      400: problemAnswer('The id is not a positive 64-bit integer.'),
      404: problemAnswer('No such violation.'),
      503: problemAnswer('The database does not answer, or this replica is overloaded or shutting down.', RETRY_AFTER),
    },
    handle: async (ctx, { params: { violation_id: id } }) => {
      let violation: Violation | undefined;
      try {
        violation = await read(id);
      } catch (error) {
        log.error({ request_id: ctx.state.requestId, error: (error as Error).message }, 'cannot read a violation');
        return answerUnavailable(ctx, 'The violation could not be read.');
      }
      if (violation === undefined) {
        return answerProblem(ctx, noSuchViolation(id));
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
    },
  });
