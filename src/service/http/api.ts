import Router from '@koa/router';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { answerUnmatched, limitBody, limitInFlight, observeRequests, requestId } from '../../kit/http/middleware.ts';
import type { Path } from '../../routing/path.ts';
import type { Routed } from '../../routing/router.ts';
import { openApiDocument, READ_ROUTE, UPDATE_ROUTE } from '../../violations/http/openapi.ts';
import { readViolation } from '../../violations/http/read-violation.ts';
import { updateStatus } from '../../violations/http/update-status.ts';
import type { StatusUpdate, UpdateOutcome, Violation } from '../../violations/violation.ts';

const BODY_LIMIT_BYTES = 64 * 1024;

export type ApiParts = {
  readonly forceDomain: 'allow' | 'deny';
  readonly maxInFlight: number;
  readonly update: (update: StatusUpdate, forced: Path | undefined) => Promise<Routed<UpdateOutcome>>;
  readonly read: (id: string) => Promise<Violation | undefined>;
  /** Tells clients to leave while the service stops. */
  readonly whileStopping: Koa.Middleware;
  readonly log: Logger;
  readonly registry: Registry;
};

export function createApi(parts: ApiParts): Koa {
  const openApi = JSON.stringify(openApiDocument);
  const router = new Router();
  router.use(limitInFlight(parts.maxInFlight));
  router.put(koaRoute(UPDATE_ROUTE), updateStatus(parts));
  router.get(koaRoute(READ_ROUTE), readViolation(parts));
  router.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json';
    ctx.body = openApi;
  });

  const app = new Koa();
  app.use(requestId());
  app.use(observeRequests(parts.log, parts.registry));
  app.use(limitBody(BODY_LIMIT_BYTES));
  app.use(parts.whileStopping);
  app.use(router.routes());
  app.use(answerUnmatched(router, '/openapi.json'));
  return app;
}

/** `/a/{id}` as the router writes it: `/a/:id`. */
function koaRoute(route: string): string {
  return route.replaceAll(/\{(\w+)\}/g, ':$1');
}
