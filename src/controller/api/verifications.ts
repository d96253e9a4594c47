import { CommandAnswer, VerificationRequest } from '../../contract/schemas.ts';
import { jsonAnswer, type Route, route } from '../../kit/http/route.ts';
import { answerOutcome } from './outcome.ts';
import type { ApiParts } from './parts.ts';

/** POST /api/verifications: what the functional checks gave. */
export const verifications = ({ loop, status, may }: ApiParts): Route =>
  route({
    method: 'post',
    path: '/api/verifications',
    operationId: 'reportVerification',
    summary: 'What the functional checks gave, for the journal and for stages that require them',
    access: may.change,
    body: { schema: VerificationRequest, limit: '256kb' },
    answers: { 200: jsonAnswer('In the journal.', CommandAnswer) },
    handle: async (ctx, { body }) => answerOutcome(ctx, await loop.verified(body), status),
  });
