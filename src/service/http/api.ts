import type Koa from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { PROBLEM_TYPES } from '../../contract/problems.ts';
import { createApp } from '../../kit/http/app.ts';
import { limitBody, limitInFlight } from '../../kit/http/middleware.ts';
import type { Access } from '../../kit/http/route.ts';
import type { Path } from '../../routing/path.ts';
import type { Routed } from '../../routing/router.ts';
import { readViolation, ViolationAnswer } from '../../violations/http/read-violation.ts';
import { UpdateAnswer, updateStatus } from '../../violations/http/update-status.ts';
import type { StatusUpdate, UpdateOutcome, Violation } from '../../violations/violation.ts';

const BODY_LIMIT_BYTES = 64 * 1024;

type ApiParts = {
  readonly forceDomain: 'allow' | 'deny';
  readonly maxInFlight: number;
  readonly update: (update: StatusUpdate, forced: Path | undefined) => Promise<Routed<UpdateOutcome>>;
  readonly read: (id: string) => Promise<Violation | undefined>;
  /** Asks clients to leave while the service stops. */
  readonly whileStopping: Koa.Middleware;
  readonly log: Logger;
  readonly registry: Registry;
};

/** The port for clients. Who may ask is for whoever stands in front of it. */
export function createApi(parts: ApiParts): Koa {
  // One for both routes: what they share is the database.
  const access: Access = { through: [limitInFlight(parts.maxInFlight)], answers: {} };
  return createApp({
    title: 'Sluice: violation status',
    description: 'Updates a violation through its old or its new implementation; headers say which.',
    routes: [updateStatus({ ...parts, access }), readViolation({ ...parts, access })],
    schemas: { UpdateAnswer, ViolationAnswer },
    document: '/openapi.json',
    problemTypes: PROBLEM_TYPES,
    through: [limitBody(BODY_LIMIT_BYTES, 'Requests carry their parameters in the query'), parts.whileStopping],
    log: parts.log,
    registry: parts.registry,
  });
}
