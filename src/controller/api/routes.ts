import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { describeMeasurement, type MeasurementsAnswer } from '../../contract/measurements.ts';
import {
  type CommandAnswer,
  CommandRequest,
  ConsistencyRequest,
  describeEvent,
  type HistoryAnswer,
  type StatusAnswer,
  VerificationRequest,
} from '../../contract/schemas.ts';
import { requireToken } from '../../kit/http/bearer.ts';
import { invalid, reader, readJson } from '../../kit/http/json-body.ts';
import { answerUnmatched, limitInFlight, observeRequests, requestId } from '../../kit/http/middleware.ts';
import { answerProblem, problem } from '../../kit/http/problems.ts';
import type { Clock } from '../../kit/time.ts';
import type { CommandOutcome, RolloutLoop } from '../engine/engine.ts';
import type { Measuring } from '../engine/measuring.ts';
import type { ControlMetrics } from '../engine/metrics.ts';
import { readAlerts } from '../signals/alerts.ts';
import { controllerOpenApi } from './openapi.ts';
import { stream } from './stream.ts';

type ApiParts = {
  readonly rollout: string;
  readonly token: string;
  readonly loop: Pick<RolloutLoop, 'command' | 'alert' | 'history' | 'listen' | 'verified' | 'checked'>;
  /** The progress report, from what is known now. */
  readonly report: (options: ReportOptions) => Promise<ReportText>;
  readonly measuring: Pick<Measuring, 'since' | 'isComplete' | 'listen'>;
  readonly status: () => StatusAnswer;
  readonly metrics: ControlMetrics;
  readonly registry: Registry;
  readonly ready: () => boolean;
  /** Adds the page for people. */
  readonly addConsole: (router: Router) => void;
  readonly log: Logger;
  readonly clock: Clock;
};

type ReportOptions = { readonly language: 'en' | 'zh'; readonly format: 'md' | 'html' };
type ReportText = { readonly text: string; readonly contentSecurityPolicy: string };

const COMMAND_LIMIT = '16kb';
const VERIFICATION_LIMIT = '256kb';
/** Alertmanager puts all alerts of a group into one message. */
const ALERTS_LIMIT = '1mb';
const MOST_IN_FLIGHT = 50;
const MOST_EVENTS = 1_000;
const DEFAULT_EVENTS = 50;

/** The controller's API, probes and metrics. Reading is open inside the cluster; every change needs the token. */
export function createControllerApi(parts: ApiParts): Koa {
  const router = new Router();
  const authorize = requireToken(parts.token, parts.metrics.countUnauthorized);
  const reads = limitInFlight(MOST_IN_FLIGHT);
  // Of their own: a flood of readers must not keep a rollback out.
  const changes = limitInFlight(MOST_IN_FLIGHT);
  const openApi = JSON.stringify(controllerOpenApi);

  router.get('/livez', (ctx) => {
    ctx.body = 'ok\n';
  });
  router.get('/readyz', (ctx) => {
    ctx.status = parts.ready() ? 200 : 503;
    ctx.body = parts.ready() ? 'ok\n' : 'not ready\n';
  });
  router.get('/metrics', reads, async (ctx) => {
    ctx.body = await parts.registry.metrics();
    ctx.type = parts.registry.contentType;
  });
  router.get('/api/openapi.json', (ctx) => {
    ctx.type = 'application/json';
    ctx.body = openApi;
  });
  router.get('/api/status', reads, (ctx) => {
    ctx.body = parts.status();
  });
  router.get('/api/history', reads, history(parts));
  router.get('/api/measurements', reads, measurements(parts));
  router.get('/api/report', reads, report(parts));
  router.get(
    '/api/stream',
    stream({
      status: parts.status,
      measuring: parts.measuring,
      clock: parts.clock,
      listen: (listener) => parts.loop.listen((event) => listener(describeEvent(event))),
    }),
  );
  router.post('/api/commands', authorize, changes, readJson(COMMAND_LIMIT), command(parts));
  router.post('/api/verifications', authorize, changes, readJson(VERIFICATION_LIMIT), verification(parts));
  router.post('/api/consistency-checks', authorize, changes, readJson(COMMAND_LIMIT), consistency(parts));
  router.post('/api/alerts', authorize, changes, readJson(ALERTS_LIMIT), alerts(parts));

  parts.addConsole(router);

  const app = new Koa();
  app.use(requestId());
  app.use(observeRequests(parts.log, parts.registry));
  app.use(router.routes());
  app.use(answerUnmatched(router, '/api/openapi.json'));
  return app;
}

function command({ loop, status }: ApiParts): Middleware {
  const read = reader(CommandRequest);
  return async (ctx) => {
    const body = read(ctx);
    if (body === undefined) {
      return;
    }
    if (body.to !== undefined && body.command !== 'rollback') {
      return answerProblem(ctx, invalid([`to came with ${body.command}; it is for rollback only`]));
    }
    const { command: name, actor, reason, to } = body;
    answerOutcome(ctx, await loop.command({ name, actor, reason, to }), status);
  };
}

function verification({ loop, status }: ApiParts): Middleware {
  const read = reader(VerificationRequest);
  return async (ctx) => {
    const body = read(ctx);
    if (body !== undefined) {
      answerOutcome(ctx, await loop.verified(body), status);
    }
  };
}

function consistency({ loop, status }: ApiParts): Middleware {
  const read = reader(ConsistencyRequest);
  return async (ctx) => {
    const body = read(ctx);
    if (body !== undefined) {
      answerOutcome(ctx, await loop.checked(body), status);
    }
  };
}

function answerOutcome(ctx: Context, outcome: CommandOutcome, status: ApiParts['status']): void {
  switch (outcome.kind) {
    case 'done':
      ctx.body = { done: outcome.text, status: status() } satisfies CommandAnswer;
      return;
    case 'refused':
      answerProblem(ctx, problem(409, 'refused', 'Refused', outcome.why));
      return;
    case 'not-leader':
      ctx.set('Retry-After', '1');
      // Behind a Service, another connection may reach the one that leads.
      ctx.set('Connection', 'close');
      answerProblem(ctx, problem(503, 'not-leader', 'Not the leader', `Ask again: ${outcome.why}.`));
  }
}

function alerts({ loop, rollout }: ApiParts): Middleware {
  return async (ctx: Context) => {
    const read = readAlerts(ctx.request.body, rollout);
    if (read.kind === 'invalid') {
      return answerProblem(ctx, invalid(read.problems));
    }
    let acted = 0;
    for (const { id, name } of read.alerts) {
      acted += (await loop.alert(id, name)) ? 1 : 0;
    }
    ctx.body = { acted, known: read.alerts.length - acted, ignored: read.ignored };
  };
}

function history({ loop }: ApiParts): Middleware {
  return async (ctx) => {
    const given = ctx.query.limit ?? String(DEFAULT_EVENTS);
    const limit = typeof given === 'string' && /^\d{1,4}$/.test(given) ? Number(given) : 0;
    if (limit < 1 || limit > MOST_EVENTS) {
      return answerProblem(
        ctx,
        invalid([
          `limit came as ${JSON.stringify(given).slice(0, 80)}; allowed: a whole number from 1 to ${MOST_EVENTS}`,
        ]),
      );
    }
    const { events, journal } = await loop.history(limit);
    ctx.body = { events: events.map(describeEvent), journal } satisfies HistoryAnswer;
  };
}

function report({ report: write }: ApiParts): Middleware {
  return async (ctx) => {
    const { lang = 'en', format = 'md' } = ctx.query;
    if ((lang !== 'en' && lang !== 'zh') || (format !== 'md' && format !== 'html')) {
      const came = JSON.stringify({ lang, format }).slice(0, 160);
      return answerProblem(
        ctx,
        invalid([`lang and format came as ${came}; allowed: lang en or zh, format md or html`]),
      );
    }
    const { text, contentSecurityPolicy } = await write({ language: lang, format });
    ctx.set({ 'Content-Security-Policy': contentSecurityPolicy, 'X-Content-Type-Options': 'nosniff' });
    ctx.type = format === 'md' ? 'text/markdown; charset=utf-8' : 'text/html; charset=utf-8';
    ctx.body = text;
  };
}

const MEASURED_BY_DEFAULT_MS = 3_600_000;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

function measurements({ measuring, clock }: ApiParts): Middleware {
  return (ctx) => {
    const given = ctx.query.since ?? new Date(clock.now() - MEASURED_BY_DEFAULT_MS).toISOString();
    const since = typeof given === 'string' && ISO_TIME.test(given) ? Date.parse(given) : Number.NaN;
    if (Number.isNaN(since)) {
      const came = JSON.stringify(given).slice(0, 80);
      return answerProblem(
        ctx,
        invalid([`since came as ${came}; allowed: a time such as ${new Date(0).toISOString()}`]),
      );
    }
    ctx.body = {
      complete: measuring.isComplete(),
      points: measuring.since(since).map(describeMeasurement),
    } satisfies MeasurementsAnswer;
  };
}
