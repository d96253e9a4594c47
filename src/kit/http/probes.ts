import type Router from '@koa/router';
import type { Registry } from 'prom-client';

type Probes = {
  readonly registry: Registry;
  /** Whether the process takes requests. */
  readonly ready: () => boolean | Promise<boolean>;
  /** The registry's metrics, where they are not made anew for each who asks. */
  readonly metricsText?: () => Promise<string>;
};

/** For whoever runs the process: whether it lives, whether it takes requests, and its metrics. */
export function addProbes(router: Router, { registry, ready, metricsText = () => registry.metrics() }: Probes): void {
  router.get('/livez', (ctx) => {
    ctx.body = 'ok\n';
  });
  router.get('/readyz', async (ctx) => {
    const isReady = await ready();
    ctx.status = isReady ? 200 : 503;
    ctx.body = isReady ? 'ok\n' : 'not ready\n';
  });
  router.get('/metrics', async (ctx) => {
    ctx.body = await metricsText();
    ctx.type = registry.contentType;
  });
}
