import Router from '@koa/router';
import Koa from 'koa';
import type { Registry } from 'prom-client';
import { PROBLEM_TYPES } from '../../contract/problems.ts';
import { requestId } from '../../kit/http/middleware.ts';
import { addProbes } from '../../kit/http/probes.ts';
import { nameProblems } from '../../kit/http/problems.ts';
import { addRoutes } from '../../kit/http/route.ts';
import type { FaultSwitch } from '../../routing/faults.ts';
import { endFaults, setFaults } from './faults.ts';

type AdminParts = {
  readonly registry: Registry;
  /** Whether the service takes requests: it is not stopping, and its database answers. */
  readonly ready: () => Promise<boolean>;
  /** Undefined where FAULT_INJECTION is denied: the routes are then not there at all. */
  readonly faults: FaultSwitch | undefined;
};

/** The second port: for the cluster, never for clients. */
export function createAdmin({ registry, ready, faults }: AdminParts): Koa {
  const router = new Router();
  addProbes(router, { registry, ready });
  addRoutes(router, faults === undefined ? [] : [setFaults(faults), endFaults(faults)]);
  const app = new Koa();
  nameProblems(app, PROBLEM_TYPES);
  app.use(requestId());
  app.use(router.routes());
  return app;
}
