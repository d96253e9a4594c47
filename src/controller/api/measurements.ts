import Type from 'typebox';
import { MeasurementsAnswer } from '../../contract/measurements.ts';
import { jsonAnswer, problemAnswer, type Route, route } from '../../kit/http/route.ts';
import { answerReader } from './answer-reader.ts';
import type { ApiParts } from './parts.ts';

const MEASURED_BY_DEFAULT_MS = 3_600_000;
const BY_DEFAULT_EACH_MS = 10_000;

/** The same for all who ask within some seconds, so that it is worked out once. */
const anHourAgo = (nowMs: number) =>
  Math.floor(nowMs / BY_DEFAULT_EACH_MS) * BY_DEFAULT_EACH_MS - MEASURED_BY_DEFAULT_MS;

/** GET /api/measurements: what both paths did. */
export const measurements = ({ readers, clock, may }: ApiParts): Route =>
  route({
    method: 'get',
    path: '/api/measurements',
    operationId: 'readMeasurements',
    access: may.read,
    query: Type.Object({
      since: Type.Optional(
        Type.String({
          format: 'date-time',
          description:
            'a time such as 1970-01-01T00:00:00.000Z; without it, an hour ago. What is older is coarser, and kept for 8 days; a restart of the controller keeps the last two',
        }),
      ),
    }),
    answers: {
      200: jsonAnswer('What both paths did.', MeasurementsAnswer),
      400: problemAnswer('The time is not valid.'),
    },
    handle: async (ctx, { query: { since } }) => {
      const fromMs = since === undefined ? anHourAgo(clock.now()) : Date.parse(since);
      answerReader(ctx, 'application/json', await readers({ kind: 'measurements', fromMs }));
    },
  });
