import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createPathMetrics, registerServedGauges } from '../../src/routing/metrics.ts';

/** Replicas as a controller sees them: ports that answer with a page of the service's own metrics. */
const REPLICAS = 100;
const REFRESH_MS = 100;
const registry = new Registry();
collectDefaultMetrics({ register: registry });
const metrics = createPathMetrics({ registry, rollout: 'violation-status' });
registerServedGauges(
  { registry, rollout: 'violation-status' },
  { breaker: { state: () => 'closed' }, flagsToldAt: Date.now, percent: async () => 25 },
);

let page = '';
async function refresh(): Promise<void> {
  for (const path of ['legacy', 'legacy', 'legacy', 'domain'] as const) {
    await metrics.measure(path, async () => ({ kind: 'updated' }));
  }
  page = await registry.metrics();
}
await refresh();
setInterval(refresh, REFRESH_MS);

const ports = await Promise.all(
  Array.from({ length: REPLICAS }, async () => {
    const server = createServer((_request, response) => {
      response.setHeader('Content-Type', registry.contentType);
      response.end(page);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }),
);
process.send?.(ports);
process.once('disconnect', () => process.exit(0));
