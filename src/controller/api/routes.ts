import type Router from '@koa/router';
import type Koa from 'koa';
import type { Context } from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { PROBLEM_TYPES } from '../../contract/problems.ts';
import { createApp } from '../../kit/http/app.ts';
import { limitReads } from '../../kit/http/limit-reads.ts';
import { addProbes } from '../../kit/http/probes.ts';
import { createRecent } from '../../kit/recent.ts';
import type { ControlMetrics } from '../engine/metrics.ts';
import { alerts } from './alerts.ts';
import { commands } from './commands.ts';
import { consistencyChecks } from './consistency-checks.ts';
import { history } from './history.ts';
import { measurements } from './measurements.ts';
import { type ApiParts, createPermissions } from './parts.ts';
import { report } from './report.ts';
import { status } from './status.ts';
import { stream } from './stream.ts';
import { verifications } from './verifications.ts';

const PROBES = ['/livez', '/readyz'];
const STREAM = '/api/stream';
/** Of all that can be read, together; 50 a second. */
const READS = { atOnce: 64, everyMs: 20, bytesPerMs: 25_000, burstMs: 300, withinMs: 30_000 };
const METRICS_KEPT_MS = 100;

type ControllerApiParts = Omit<ApiParts, 'may'> & {
  readonly token: string;
  readonly metrics: Pick<ControlMetrics, 'countUnauthorized'>;
  readonly ready: () => boolean;
  /** Adds the page for people. */
  readonly addConsole: (router: Router) => void;
  readonly registry: Registry;
  readonly log: Logger;
};

const ROUTES = [
  status,
  history,
  measurements,
  report,
  stream,
  commands,
  verifications,
  consistencyChecks,
  alerts,
] as const;

/** The controller's API, its console, probes and metrics, all on one port. */
export function createControllerApi({
  token,
  metrics,
  ready,
  addConsole,
  registry,
  log,
  ...parts
}: ControllerApiParts): Koa {
  const may = createPermissions(token, metrics.countUnauthorized);
  const { clock } = parts;
  const limited = limitReads({ ...READS, clock });
  const metricsText = createRecent(() => registry.metrics(), METRICS_KEPT_MS, clock);
  return createApp({
    title: 'Sluice: controller',
    description: 'Watches a rollout and changes its stage.',
    routes: ROUTES.map((create) => create({ ...parts, may })),
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    document: '/api/openapi.json',
    problemTypes: PROBLEM_TYPES,
    // Probes are answered whatever goes on, streams and changes are limited by themselves.
    through: [(ctx, next) => (isRead(ctx) ? limited(ctx, next) : next())],
    addOthers: (router) => {
      addProbes(router, { registry, ready, metricsText: metricsText.get });
      addConsole(router);
    },
    registry,
    log,
  });
}

const isRead = ({ method, path }: Context): boolean =>
  (method === 'GET' || method === 'HEAD') && path !== STREAM && !PROBES.includes(path);
