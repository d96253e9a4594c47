import type { Pool } from 'pg';
import { Gauge, type Registry } from 'prom-client';

/** Connections of the pool for writes, as they are when scraped. */
export function registerPoolGauge(registry: Registry, pool: Pool): void {
  new Gauge({
    name: 'sluice_database_connections',
    help: 'Connections for writes: used, idle; and requests that wait for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.set({ state: 'used' }, pool.totalCount - pool.idleCount);
      this.set({ state: 'idle' }, pool.idleCount);
      this.set({ state: 'waiting' }, pool.waitingCount);
    },
  });
}
