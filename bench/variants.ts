import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../src/dev/embedded/flagd.ts';
import { bodyOf } from '../src/dev/tools/http.ts';
import { type Child, startChild } from './child.ts';
import { type Environment, flagAt } from './environment.ts';

const POOL_SIZE = '10';
const START_TIMEOUT_MS = 20_000;
const BARE = join(import.meta.dirname, 'servers/bare.ts');
const SERVICE = join(import.meta.dirname, '../src/service.ts');

export const VARIANTS = [
  'bare',
  'bare with history',
  'bare with the domain’s transaction',
  'Sluice legacy at 0 %',
  'Sluice domain at 100 %',
  'Sluice at 50 %',
] as const;
export type Variant = (typeof VARIANTS)[number];
/** What every ratio is taken to: it does the same work in the database as Sluice's legacy path. */
export const BASELINE: Variant = 'bare with history';

export type RunningVariant = {
  readonly name: Variant;
  readonly port: number;
  readonly pid: number;
  readonly heapUsedBytes: (signal: AbortSignal) => Promise<number>;
};

/** Starts one variant in a process of its own, and waits until it serves what it is here to serve. */
export async function startVariant(
  name: Variant,
  environment: Environment,
  opened: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<RunningVariant> {
  switch (name) {
    case 'bare':
      return startBare(name, 'plain', environment, opened, signal);
    case 'bare with history':
      return startBare(name, 'history', environment, opened, signal);
    case 'bare with the domain’s transaction':
      return startBare(name, 'transaction', environment, opened, signal);
    case 'Sluice legacy at 0 %':
      return startSluice(name, 0, environment, opened, signal);
    case 'Sluice domain at 100 %':
      return startSluice(name, 100, environment, opened, signal);
    case 'Sluice at 50 %':
      return startSluice(name, 50, environment, opened, signal);
  }
}

type Start = readonly [environment: Environment, opened: AsyncDisposableStack, signal: AbortSignal];

async function startBare(
  name: Variant,
  write: 'plain' | 'history' | 'transaction',
  ...[environment, opened, signal]: Start
): Promise<RunningVariant> {
  const port = await freePort();
  const env = { PORT: String(port), DATABASE_URL: environment.databaseUrl, DATABASE_POOL: POOL_SIZE, WRITE: write };
  const child = opened.use(startChild(BARE, env));
  const url = `http://127.0.0.1:${port}/api/v1/records/violations/1/status?status=pending`;
  await until(`${name} answers`, signal, async () => {
    await bodyOf(url, { method: 'PUT', signal });
    return true;
  });
  return { name, port, pid: child.pid, heapUsedBytes: (signal) => askHeap(child, signal) };
}

async function askHeap(child: Child, signal: AbortSignal): Promise<number> {
  child.send({});
  return (await child.nextMessage<{ heapUsedBytes: number }>(signal)).heapUsedBytes;
}

async function startSluice(
  name: Variant,
  percent: number,
  ...[environment, opened, signal]: Start
): Promise<RunningVariant> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const child = opened.use(
    startChild(SERVICE, {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      DATABASE_URL: environment.databaseUrl,
      DATABASE_POOL: POOL_SIZE,
      FLAG_PROVIDER: 'flagd',
      FLAGD_HOST: '127.0.0.1',
      FLAGD_PORT: String(environment.flagPort),
      ROLLOUT_FLAG: flagAt(percent),
      LOG_LEVEL: 'info',
      MAX_IN_FLIGHT: '1000',
    }),
  );
  // At 0 % the served percent says nothing of whether the flags have come; the evaluation's reason does.
  const url = `http://127.0.0.1:${port}/api/v1/records/violations/1/status?status=pending`;
  await until(`${name} has its flag`, signal, async () => {
    await bodyOf(url, { method: 'PUT', signal });
    const metrics = await readMetrics(adminPort, signal);
    return (
      /^sluice_flag_evaluations_total\{.*reason="STATIC"/m.test(metrics) &&
      metricOf(metrics, 'sluice_flag_percent') === percent
    );
  });
  const heapUsedBytes = async (signal: AbortSignal) =>
    metricOf(await readMetrics(adminPort, signal), 'nodejs_heap_size_used_bytes');
  return { name, port, pid: child.pid, heapUsedBytes };
}

const readMetrics = (adminPort: number, signal: AbortSignal) =>
  bodyOf(`http://127.0.0.1:${adminPort}/metrics`, { signal });

function metricOf(metrics: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(metrics)?.[1]);
}

async function until(what: string, signal: AbortSignal, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await holds().catch(() => false))) {
    signal.throwIfAborted();
    if (Date.now() > deadline) {
      throw new Error(`not within ${START_TIMEOUT_MS / 1000} s: ${what}`);
    }
    await sleep(100);
  }
}
