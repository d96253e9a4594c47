import type Router from '@koa/router';
import type { Middleware } from 'koa';
import type { Registry } from 'prom-client';

type Probes = {
  readonly registry: Registry;
  /** Whether the process takes requests. */
  readonly ready: () => boolean | Promise<boolean>;
  /** What whoever asks for the metrics passes: they cost more than the others. */
  readonly metricsThrough?: readonly Middleware[];
};

/** For whoever runs the process: whether it lives, whether it takes requests, and its metrics. */
export function addProbes(router: Router, { registry, ready, metricsThrough = [] }: Probes): void {
  router.get('/livez', (ctx) => {
    ctx.body = 'ok\n';
  });
  router.get('/readyz', async (ctx) => {
    const isReady = await ready();
    ctx.status = isReady ? 200 : 503;
    ctx.body = isReady ? 'ok\n' : 'not ready\n';
  });
  router.get('/metrics', ...metricsThrough, async (ctx) => {
    ctx.body = await registry.metrics();
    ctx.type = registry.contentType;
  });
}
