import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type RunningProcess, startProcess } from '../../../src/dev/tools/process.ts';
import { until } from '../../../src/dev/until.ts';
import type { Faults } from '../../../src/routing/faults.ts';

const SERVICE = join(import.meta.dirname, '../../../src/service.ts');

export type Replica = {
  readonly name: string;
  readonly port: number;
  readonly adminPort: number;
  readonly baseUrl: string;
  /** `host:port` of its metrics. */
  readonly adminAddress: string;
  /** The process of now: `restart` makes a new one. */
  readonly process: () => RunningProcess;
  /** Starts it anew on its ports, after it was stopped or killed. */
  readonly restart: () => Promise<void>;
  /** The percent it serves now; undefined while it does not answer. */
  readonly servedPercent: () => Promise<number | undefined>;
  /** The value of the first series that has all these labels; undefined where there is none. */
  readonly metric: (name: string, labels?: Record<string, string>) => Promise<number | undefined>;
  readonly setFaults: (faults: Faults) => Promise<void>;
  readonly update: (id: number | string, query: string) => Promise<Response>;
};

export type Replicas = AsyncDisposable & {
  readonly all: readonly Replica[];
  readonly baseUrls: readonly string[];
  readonly adminAddresses: readonly string[];
  /** On every replica; `{}` ends them. */
  readonly setFaults: (faults: Faults) => Promise<void>;
  readonly servedPercents: () => Promise<(number | undefined)[]>;
  readonly untilServed: (percent: number, timeoutMs?: number) => Promise<void>;
};

export type ReplicaOptions = {
  readonly count: number;
  readonly directory: string;
  readonly databaseUrl: string;
  /** Such as what test/e2e/support/flags.ts gives. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Replicas of the service as processes of their own on free ports, which may be told to fail. */
export async function startReplicas({ count, directory, databaseUrl, env }: ReplicaOptions): Promise<Replicas> {
  const settings = { DATABASE_URL: databaseUrl, FORCE_DOMAIN: 'allow', FAULT_INJECTION: 'allow', ...env };
  await using stack = new AsyncDisposableStack();
  const all = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const replica = await startReplica(`service-${index + 1}`, directory, settings);
      stack.defer(async () => {
        await replica.process().stop();
      });
      return replica;
    }),
  );
  const owned = stack.move();
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
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startReplica(name: string, directory: string, settings: Record<string, string>): Promise<Replica> {
  let starts = 0;
  const start = async (ports: { readonly PORT: string; readonly ADMIN_PORT: string }) => {
    starts += 1;
    const started = await startProcess({
      name: starts === 1 ? name : `${name}-start-${starts}`,
      command: process.execPath,
      args: [SERVICE],
      env: { ...settings, ...ports },
      directory,
    });
    try {
      const [line] = await started.untilOutput(/^\{.*"msg":"serving".*$/m);
      const { port, admin_port: adminPort } = JSON.parse(line);
      await started.untilOk(`http://127.0.0.1:${adminPort}/readyz`);
      return { started, port: port as number, adminPort: adminPort as number };
    } catch (error) {
      await started.stop();
      throw error;
    }
  };
  let { started, port, adminPort } = await start({ PORT: '0', ADMIN_PORT: '0' });
  const baseUrl = `http://127.0.0.1:${port}`;
  const adminAddress = `127.0.0.1:${adminPort}`;
  const metric = async (metricName: string, labels: Record<string, string> = {}) => {
    try {
      const answer = await fetch(`http://${adminAddress}/metrics`, { signal: AbortSignal.timeout(2_000) });
      return seriesValue(await answer.text(), metricName, labels);
    } catch {
      return undefined;
    }
  };
  return {
    name,
    port,
    adminPort,
    baseUrl,
    adminAddress,
    process: () => started,
    restart: async () => {
      ({ started } = await start({ PORT: String(port), ADMIN_PORT: String(adminPort) }));
    },
    servedPercent: () => metric('sluice_flag_percent'),
    metric,
    setFaults: async (faults) => {
      const answer = await fetch(`http://${adminAddress}/faults`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(faults),
        signal: AbortSignal.timeout(5_000),
      });
      assert.equal(answer.status, 200, await answer.text());
    },
    update: (id, query) =>
      fetch(`${baseUrl}/api/v1/records/violations/${id}/status?${query}`, {
        method: 'PUT',
        signal: AbortSignal.timeout(15_000),
      }),
  };
}

function seriesValue(metrics: string, name: string, labels: Record<string, string>): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = metrics
    .split('\n')
    .find((candidate) => /^\w+/.exec(candidate)?.[0] === name && wanted.every((pair) => candidate.includes(pair)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}
