import Type from 'typebox';
import { describeMeasurement, MeasurementsAnswer } from '../../contract/measurements.ts';
import { jsonAnswer, problemAnswer, type Route, route } from '../../kit/http/route.ts';
import type { ApiParts } from './parts.ts';

const MEASURED_BY_DEFAULT_MS = 3_600_000;

/** GET /api/measurements: what both paths did. */
export const measurements = ({ measuring, clock, may }: ApiParts): Route =>
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
            'a time such as 1970-01-01T00:00:00.000Z; without it, an hour ago. Measurements of the last 8 days are answered',
        }),
      ),
    }),
    answers: {
      200: jsonAnswer('What both paths did.', MeasurementsAnswer),
      400: problemAnswer('No such time.'),
    },
    handle: (ctx, { query: { since } }) => {
      const fromMs = since === undefined ? clock.now() - MEASURED_BY_DEFAULT_MS : Date.parse(since);
      ctx.body = {
        complete: measuring.isComplete(),
        points: measuring.since(fromMs).map(describeMeasurement),
      } satisfies MeasurementsAnswer;
    },
  });
