import { Problem } from '../../kit/http/problems.ts';
import { UpdateAnswer, UpdateParameters, ViolationAnswer, ViolationIdText } from './schemas.ts';

export const UPDATE_ROUTE = '/api/v1/records/violations/{violation_id}/status';
export const READ_ROUTE = '/api/v1/records/violations/{violation_id}';

const header = (description: string) => ({ description, schema: { type: 'string' } });
const requestIdHeader = { 'X-Request-Id': header("The request's id: the client's own, or one made for it.") };
const rolloutHeaders = {
  'Rollout-Path': header('Who answered: domain or legacy.'),
  'Rollout-Decision': header('Why: rollout, forced, disabled, capped, breaker or fallback.'),
};

const answer = (description: string, schema: object, headers: object = {}) => ({
  description,
  headers: { ...requestIdHeader, ...headers },
  content: { 'application/json': { schema } },
});
const problem = (description: string, headers: object = {}) => ({
  description,
  headers: { ...requestIdHeader, ...headers },
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const violationId = { name: 'violation_id', in: 'path', required: true, schema: ViolationIdText };
const unavailable = { 'Retry-After': header('Seconds to wait before trying again.') };

/** The API's description, from the schemas that validate it. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'Sluice: violation status',
    version: '1',
    description: 'Updates a violation through its old or its new implementation; headers tell which.',
  },
  paths: {
    [UPDATE_ROUTE]: {
      put: {
        operationId: 'updateViolationStatus',
        summary: "Set a violation's status",
        parameters: [
          violationId,
          ...Object.entries(UpdateParameters.properties).map(([name, schema]) => ({
            name,
            in: 'query',
            required: (UpdateParameters.required as readonly string[]).includes(name),
            schema,
          })),
        ],
        responses: {
          200: answer('Updated.', { $ref: '#/components/schemas/UpdateAnswer' }, rolloutHeaders),
          400: problem('A parameter is missing, wrong, repeated or unknown.'),
          403: problem('This deployment does not allow force_domain.'),
          404: problem('No such violation.', rolloutHeaders),
          413: problem('The body is too large.'),
          503: problem(
            'Both paths failed, or this replica is overloaded or shutting down. Nothing is half-written.',
            unavailable,
          ),
        },
      },
    },
    [READ_ROUTE]: {
      get: {
        operationId: 'readViolation',
        summary: 'Read a violation back',
        parameters: [violationId],
        responses: {
          200: answer('The violation.', { $ref: '#/components/schemas/ViolationAnswer' }),
          400: problem('The id is no positive 64-bit integer.'),
          404: problem('No such violation.'),
          503: problem('The database does not answer, or this replica is overloaded or shutting down.', unavailable),
        },
      },
    },
  },
  components: { schemas: { Problem, UpdateAnswer, ViolationAnswer } },
};
