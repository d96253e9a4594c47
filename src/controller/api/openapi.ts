import Type from 'typebox';
import { MeasurementsAnswer } from '../../contract/measurements.ts';
import {
  CommandAnswer,
  CommandRequest,
  ConsistencyRequest,
  HistoryAnswer,
  StatusAnswer,
  VerificationRequest,
} from '../../contract/schemas.ts';
import { Webhook } from '../signals/alerts.ts';

const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  request_id: Type.String(),
});

const count = Type.Integer({ minimum: 0 });
const AlertsAnswer = Type.Object({ acted: count, known: count, ignored: count });

const headers = {
  'X-Request-Id': {
    description: "The request's id: the client's own, or one made for it.",
    schema: { type: 'string' },
  },
};
const json = (description: string, schema: object) => ({
  description,
  headers,
  content: { 'application/json': { schema } },
});
const problem = (description: string) => ({
  description,
  headers,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});
const changes = {
  400: problem('The body is no such request; nothing changed.'),
  401: problem('The token is missing or wrong.'),
  413: problem('The body is too large.'),
  503: problem('Too many requests at once, or this controller stands by: ask again. A rollback is done by any.'),
};

const busy = { 503: problem('Too many requests at once: ask again.') };

/** The controller's API, from the schemas that validate it. */
export const controllerOpenApi = {
  openapi: '3.1.0',
  info: { title: 'Sluice: controller', version: '1', description: 'Watches a rollout and changes its stage.' },
  paths: {
    '/api/status': { get: { operationId: 'readStatus', responses: { 200: json('Now.', StatusAnswer), ...busy } } },
    '/api/history': {
      get: {
        operationId: 'readHistory',
        parameters: [
          { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 1000, default: 50 } },
        ],
        responses: {
          200: json('What was decided, the newest first.', HistoryAnswer),
          400: problem('No such limit.'),
          ...busy,
        },
      },
    },
    '/api/measurements': {
      get: {
        operationId: 'readMeasurements',
        parameters: [
          {
            name: 'since',
            in: 'query',
            description: 'A time; an hour ago when it is not given. Measurements are kept for 8 days.',
            schema: { type: 'string', format: 'date-time' },
          },
        ],
        responses: {
          200: json('What both paths did.', MeasurementsAnswer),
          400: problem('No such time.'),
          ...busy,
        },
      },
    },
    '/api/report': {
      get: {
        operationId: 'readReport',
        parameters: [
          { name: 'lang', in: 'query', schema: { type: 'string', enum: ['en', 'zh'], default: 'en' } },
          { name: 'format', in: 'query', schema: { type: 'string', enum: ['md', 'html'], default: 'md' } },
        ],
        responses: {
          200: {
            description: "The rollout's progress report.",
            headers,
            content: { 'text/markdown': {}, 'text/html': {} },
          },
          400: problem('No such language or format.'),
          ...busy,
        },
      },
    },
    '/api/stream': {
      get: {
        operationId: 'readStream',
        summary: 'Server-sent events: `status` every second, `measurement` and `event` when there is one',
        responses: {
          200: { description: 'Never ends by itself.', headers, content: { 'text/event-stream': {} } },
          ...busy,
        },
      },
    },
    '/api/commands': {
      post: {
        operationId: 'command',
        security: [{ token: [] }],
        requestBody: { required: true, content: { 'application/json': { schema: CommandRequest } } },
        responses: {
          200: json('Done.', CommandAnswer),
          ...changes,
          409: problem('It cannot be done now; the detail says why.'),
        },
      },
    },
    '/api/verifications': {
      post: {
        operationId: 'reportVerification',
        summary: 'What the functional checks gave, for the journal and for stages that require them',
        security: [{ token: [] }],
        requestBody: { required: true, content: { 'application/json': { schema: VerificationRequest } } },
        responses: { 200: json('In the journal.', CommandAnswer), ...changes },
      },
    },
    '/api/consistency-checks': {
      post: {
        operationId: 'reportConsistencyCheck',
        summary: 'What a check of all records and their histories found; guards on mismatches act on it at once',
        security: [{ token: [] }],
        requestBody: { required: true, content: { 'application/json': { schema: ConsistencyRequest } } },
        responses: { 200: json('In the journal.', CommandAnswer), ...changes },
      },
    },
    '/api/alerts': {
      post: {
        operationId: 'receiveAlerts',
        summary: "Alertmanager's webhook: a firing alert labelled `rollout` and `action: rollback` drops the flag",
        security: [{ token: [] }],
        requestBody: { required: true, content: { 'application/json': { schema: Webhook } } },
        responses: {
          200: json('How many alerts were acted on, known before, and none of this rollout.', AlertsAnswer),
          ...changes,
        },
      },
    },
  },
  components: {
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    schemas: { Problem },
  },
};
