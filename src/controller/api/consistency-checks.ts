import { CommandAnswer, ConsistencyRequest } from '../../contract/schemas.ts';
import { jsonAnswer, type Route, route } from '../../kit/http/route.ts';
import { answerOutcome } from './outcome.ts';
import type { ApiParts } from './parts.ts';

/** POST /api/consistency-checks: what a check of all records and their histories found. */
export const consistencyChecks = ({ loop, status, may }: ApiParts): Route =>
  route({
    method: 'post',
    path: '/api/consistency-checks',
    operationId: 'reportConsistencyCheck',
    summary: 'What a check of all records and their histories found; guards on mismatches act on it at once',
    access: may.change,
    body: { schema: ConsistencyRequest, limit: '16kb' },
    answers: { 200: jsonAnswer('In the journal.', CommandAnswer) },
    handle: async (ctx, { body }) => answerOutcome(ctx, await loop.checked(body), status),
  });
