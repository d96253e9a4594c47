import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { until } from '../../../src/dev/until.ts';
import type { Faults } from '../../../src/routing/faults.ts';
import { type Answer, type RequestOptions, send } from '../http.ts';

const SERVED_WITHIN_MS = 2_000;

/** One replica of the service, wherever it runs. */
export type Replica = AsyncDisposable & {
  readonly name: string;
  readonly port: number;
  readonly adminPort: number;
  readonly baseUrl: string;
  /** `host:port` of its metrics. */
  readonly adminAddress: string;
  readonly put: (path: string, options?: RequestOptions) => Promise<Answer>;
  readonly get: (path: string, options?: RequestOptions) => Promise<Answer>;
  readonly update: (id: string | number, query: string, options?: RequestOptions) => Promise<Answer>;
  readonly read: (id: string | number) => Promise<Answer>;
  readonly admin: (path: string, options?: RequestOptions) => Promise<Answer>;
  /** `{}` ends them. */
  readonly setFaults: (faults: Faults) => Promise<void>;
  /** The value of the first series that has all these labels. @throws where there is none. */
  readonly metric: (name: string, labels?: Record<string, string>) => Promise<number>;
  /** The percent it serves now; undefined while it does not answer. */
  readonly servedPercent: () => Promise<number | undefined>;
  /** In order, as SIGTERM does. */
  readonly stop: () => Promise<void>;
};

type ReplicaParts = Pick<Replica, 'name' | 'port' | 'adminPort' | 'stop'>;

/** All that needs only its ports. */
export function replicaAt({ name, port, adminPort, stop }: ReplicaParts): Replica {
  const agent = new Agent({ keepAlive: true });
  const call =
    (method: string, target: number) =>
    (path: string, options: RequestOptions = {}) =>
      send({ method, port: target, path, agent, ...options });
  const put = call('PUT', port);
  const get = call('GET', port);
  const admin = call('GET', adminPort);
  const metric: Replica['metric'] = async (series, labels = {}) => {
    const value = findSeries((await admin('/metrics')).text, series, labels);
    return value ?? assert.fail(`${name} has no series ${series} ${JSON.stringify(labels)}`);
  };
  const stopAll = async () => {
    agent.destroy();
    await stop();
  };
  return {
    name,
    port,
    adminPort,
    baseUrl: `http://127.0.0.1:${port}`,
    adminAddress: `127.0.0.1:${adminPort}`,
    put,
    get,
    admin,
    update: (id, query, options) => put(`/api/v1/records/violations/${id}/status?${query}`, options),
    read: (id) => get(`/api/v1/records/violations/${id}`),
    setFaults: async (faults) => {
      const { status, text } = await call('PUT', adminPort)('/faults', {
        body: JSON.stringify(faults),
        headers: { 'Content-Type': 'application/json' },
      });
      assert.equal(status, 200, text);
    },
    metric,
    servedPercent: async () => {
      const signal = AbortSignal.timeout(SERVED_WITHIN_MS);
      const page = await admin('/metrics', { signal }).catch(() => undefined);
      return page && findSeries(page.text, 'sluice_flag_percent', {});
    },
    stop: stopAll,
    [Symbol.asyncDispose]: stopAll,
  };
}

export type Replicas<R extends Replica = Replica> = {
  readonly all: readonly R[];
  readonly baseUrls: readonly string[];
  readonly adminAddresses: readonly string[];
  /** On every replica. */
  readonly setFaults: (faults: Faults) => Promise<void>;
  readonly servedPercents: () => Promise<(number | undefined)[]>;
  readonly untilServed: (percent: number, timeoutMs?: number) => Promise<void>;
};

export function gather<R extends Replica>(...all: readonly R[]): Replicas<R> {
  const servedPercents = () => Promise.all(all.map((replica) => replica.servedPercent()));
  return {
    all,
    baseUrls: all.map(({ baseUrl }) => baseUrl),
    adminAddresses: all.map(({ adminAddress }) => adminAddress),
    setFaults: async (faults) => {
      await Promise.all(all.map((replica) => replica.setFaults(faults)));
    },
    servedPercents,
    untilServed: (percent, timeoutMs) =>
      until(
        `all replicas serve ${percent} %`,
        async () => (await servedPercents()).every((served) => served === percent),
        timeoutMs,
      ),
  };
}

function findSeries(page: string, name: string, labels: Record<string, string>): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = page
    .split('\n')
    .find((candidate) => /^\w+/.exec(candidate)?.[0] === name && wanted.every((pair) => candidate.includes(pair)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}
