import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { answerUnmatched, observeRequests, requestId } from './middleware.ts';
import { type DocumentParts, openApiOf } from './openapi.ts';
import { nameProblems } from './problems.ts';
import { addRoutes } from './route.ts';

type AppParts = DocumentParts & {
  /** Where the document of the routes is served. */
  readonly document: string;
  /** What the types of its problems begin with, such as `urn:example:problem:`. */
  readonly problemTypes: string;
  /** What every request passes once it has an id and is observed. */
  readonly through?: readonly Middleware[];
  /** Adds what is no route of the API: probes, pages. */
  readonly addOthers?: (router: Router) => void;
  readonly log: Logger;
  readonly registry: Registry;
};

/** An API: its routes, their document, and words for what none of them answers. */
export function createApp(parts: AppParts): Koa {
  const { routes, document, problemTypes, through = [], addOthers, log, registry } = parts;
  const openApi = JSON.stringify(openApiOf(parts));
  const router = new Router();
  addRoutes(router, routes);
  router.get(document, (ctx) => {
    ctx.type = 'application/json';
    ctx.body = openApi;
  });
  addOthers?.(router);

  const app = new Koa();
  nameProblems(app, problemTypes);
  // What a handler throws is logged with its request; this is a client that left before it had its answer.
  app.on('error', (error: Error) => log.debug({ error: error.message }, 'a client did not take its answer'));
  for (const each of [requestId(), observeRequests(log, registry), ...through]) {
    app.use(each);
  }
  app.use(router.routes());
  app.use(answerUnmatched(router, document));
  return app;
}
