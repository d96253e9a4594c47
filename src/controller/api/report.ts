import Type from 'typebox';
import { problemAnswer, type Route, route } from '../../kit/http/route.ts';
import { REPORT_POLICY } from '../report/html.ts';
import { answerReader } from './answer-reader.ts';
import type { ApiParts } from './parts.ts';

const TYPES = { md: 'text/markdown', html: 'text/html' } as const;

/** GET /api/report: the progress report as a document. */
export const report = ({ readers, may }: ApiParts): Route =>
  route({
    method: 'get',
    path: '/api/report',
    operationId: 'readReport',
    access: may.read,
    query: Type.Object({
      lang: Type.Enum(['en', 'zh'], { type: 'string', default: 'en' }),
      format: Type.Enum(['md', 'html'], { type: 'string', default: 'md' }),
    }),
    answers: {
      200: {
        description: "The rollout's progress report.",
        content: { [TYPES.md]: {}, [TYPES.html]: {} },
      },
      400: problemAnswer('The language or the format is not supported.'),
    },
    handle: async (ctx, { query: { lang: language, format } }) => {
      ctx.set({ 'Content-Security-Policy': REPORT_POLICY, 'X-Content-Type-Options': 'nosniff' });
      answerReader(ctx, `${TYPES[format]}; charset=utf-8`, await readers({ kind: 'report', language, format }));
    },
  });
