import { randomUUID } from 'node:crypto';
import type Router from '@koa/router';
import { bulkhead } from 'cockatiel';
import type { Context, Middleware } from 'koa';
import type { Logger } from 'pino';
import { Histogram, type Registry } from 'prom-client';
import { DURATION_BUCKETS_SECONDS } from '../metrics.ts';
import { answerProblem, bodyTooLarge, internalError, methodNotAllowed, noSuchRoute, unavailable } from './problems.ts';

const REQUEST_ID = /^[\w.:/+=@-]{1,128}$/;
const RETRY_AFTER_SECONDS = '1';
const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** Answers with the client's X-Request-Id where it is a usable one, otherwise with one made here. */
export function requestId(): Middleware {
  return (ctx, next) => {
    const given = ctx.get('X-Request-Id');
    ctx.state.requestId = REQUEST_ID.test(given) ? given : randomUUID();
    ctx.set('X-Request-Id', ctx.state.requestId);
    return next();
  };
}

/** One log line and one observation for each request, whatever became of it. No parameter values: they are people's. */
export function observeRequests(log: Logger, registry: Registry): Middleware {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests by route pattern.',
    labelNames: ['method', 'route', 'code'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [registry],
  });
  return async (ctx, next) => {
    const startedAt = performance.now();
    try {
      await next();
    } catch (error) {
      log.error({ request_id: ctx.state.requestId, err: error }, 'unexpected error');
      answerProblem(ctx, internalError());
    }
    const durationMs = performance.now() - startedAt;
    const method = METHODS.has(ctx.method) ? ctx.method : 'other';
    const route = routeOf(ctx);
    duration.observe({ method, route, code: ctx.status }, durationMs / 1000);
    log.info(
      {
        request_id: ctx.state.requestId,
        method,
        route,
        status: ctx.status,
        duration_ms: Math.round(durationMs * 100) / 100,
        ...ctx.state.logged,
      },
      'request',
    );
  };
}

function routeOf(ctx: Context): string {
  return (ctx as { _matchedRoute?: string })._matchedRoute ?? 'unmatched';
}

/** Refuses what would make everyone slow: requests beyond `limit` under way at once. */
export function limitInFlight(limit: number): Middleware {
  const inFlight = bulkhead(limit);
  return (ctx, next) =>
    inFlight.executionSlots === 0
      ? answerUnavailable(ctx, `This replica has ${limit} requests under way, its limit.`)
      : inFlight.execute(next);
}

/** For an API that reads no body. A small one is ignored; a large one is refused, and its connection closed. @param why says why. */
export function limitBody(limitBytes: number, why: string): Middleware {
  return (ctx, next) => {
    if (Number(ctx.get('Content-Length')) > limitBytes) {
      ctx.set('Connection', 'close');
      answerProblem(ctx, bodyTooLarge(`${why}; a body may have ${limitBytes} bytes at most.`));
      return;
    }
    if (ctx.get('Transfer-Encoding') !== '') {
      let bytes = 0;
      ctx.req.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > limitBytes) {
          ctx.req.destroy();
        }
      });
    }
    return next();
  };
}

/** For the description of a route that answers so. */
export const RETRY_AFTER = { 'Retry-After': 'Seconds to wait before trying again.' };

export function answerUnavailable(ctx: Context, detail: string): void {
  ctx.set('Retry-After', RETRY_AFTER_SECONDS);
  answerProblem(ctx, unavailable(detail));
}

const SHOWN_CHARACTERS = 200;

/** Answers what no route has: 405 where another method has one, else 404. @param document where the routes are described. */
export function answerUnmatched(router: Router, document: string): Middleware {
  return (ctx) => {
    const methods = router.match(ctx.path, '').path.flatMap((layer) => layer.methods);
    if (methods.length === 0) {
      answerProblem(ctx, noSuchRoute(ctx.method, ctx.path.slice(0, SHOWN_CHARACTERS), document));
      return;
    }
    const allowed = Array.from(new Set(methods)).join(', ');
    ctx.set('Allow', allowed);
    answerProblem(ctx, methodNotAllowed(ctx.method, allowed));
  };
}
