import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import { Ajv } from 'ajv';
import Koa from 'koa';
import type { Registry } from 'prom-client';
import Type from 'typebox';
import type { FaultSwitch, Faults } from '../../routing/faults.ts';

export type AdminParts = {
  readonly registry: Registry;
  /** Whether the service takes requests: it is not stopping, and its database answers. */
  readonly ready: () => Promise<boolean>;
  /** Undefined where FAULT_INJECTION is denied: the route is then not there at all. */
  readonly faults: FaultSwitch | undefined;
};

/** The second port: for the cluster, never for clients. */
export function createAdmin({ registry, ready, faults }: AdminParts): Koa {
  const router = new Router();
  router.get('/livez', (ctx) => {
    ctx.body = 'ok\n';
  });
  router.get('/readyz', async (ctx) => {
    const isReady = await ready();
    ctx.status = isReady ? 200 : 503;
    ctx.body = isReady ? 'ok\n' : 'not ready\n';
  });
  router.get('/metrics', async (ctx) => {
    ctx.body = await registry.metrics();
    ctx.type = registry.contentType;
  });
  if (faults !== undefined) {
    addFaultRoutes(router, faults);
  }
  const app = new Koa();
  app.use(router.routes());
  return app;
}

const Fault = Type.Object(
  {
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
    errorPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
  },
  { additionalProperties: false },
);
const FaultsBody = Type.Object(
  { domain: Type.Optional(Fault), legacy: Type.Optional(Fault) },
  { additionalProperties: false },
);

function addFaultRoutes(router: Router, faults: FaultSwitch): void {
  const ajv = new Ajv();
  const validate = ajv.compile<Faults>(FaultsBody);
  const allowed = '{"domain": {"delayMs": 0–600000, "errorPercent": 0–100}}, also "legacy"';
  const refuse = (ctx: Koa.Context, why: string) => {
    ctx.status = 400;
    ctx.body = { detail: `${why}; allowed: ${allowed}` };
  };
  const parse = bodyParser({ enableTypes: ['json'], jsonLimit: '4kb', detectJSON: () => true });
  router.put('/faults', async (ctx) => {
    try {
      await parse(ctx, async () => {});
    } catch (error) {
      return refuse(ctx, (error as Error).message);
    }
    const body: unknown = ctx.request.body;
    if (!validate(body)) {
      return refuse(ctx, ajv.errorsText(validate.errors, { dataVar: 'faults' }));
    }
    faults.set(body);
    ctx.body = faults.get();
  });
  router.delete('/faults', (ctx) => {
    faults.set({});
    ctx.body = faults.get();
  });
}
