import Type from 'typebox';
import { HistoryAnswer } from '../../contract/schemas.ts';
import { jsonAnswer, problemAnswer, type Route, route } from '../../kit/http/route.ts';
import { answerReader } from './answer-reader.ts';
import type { ApiParts } from './parts.ts';

/** GET /api/history: what was decided. */
export const history = ({ readers, may }: ApiParts): Route =>
  route({
    method: 'get',
    path: '/api/history',
    operationId: 'readHistory',
    access: may.read,
    query: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 50 }) }),
    answers: {
      200: jsonAnswer('What was decided, the newest first.', HistoryAnswer),
      400: problemAnswer('The limit is not valid.'),
    },
    handle: async (ctx, { query: { limit } }) =>
      answerReader(ctx, 'application/json', await readers({ kind: 'history', limit })),
  });
