import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventAnswer, HistoryAnswer, StatusAnswer } from '../../contract/schemas.ts';
import { migrate } from '../../kit/postgres/migrate.ts';
import type { Faults } from '../../routing/faults.ts';
import { startFlagServer } from '../embedded/flag-server.ts';
import { findFlagd, freePort, startFlagd } from '../embedded/flagd.ts';
import { ensureFlagsFile } from '../embedded/flags-file.ts';
import { startEmbeddedPostgres } from '../embedded/postgres.ts';
import { seedViolations } from '../embedded/seed.ts';
import { startChild } from './child.ts';

const FLAG = 'violation-status-domain-percent';
const SERVICE = join(import.meta.dirname, '../../service.ts');
const CONTROLLER = join(import.meta.dirname, '../../controller.ts');
const ANSWER_WITHIN_MS = 10_000;

export type Parts = {
  readonly directory: string;
  readonly databaseUrl: string;
  readonly flagServer: string;
  readonly flagsFile: string;
  readonly baseUrls: readonly string[];
  /** `host:port` of each replica's metrics. */
  readonly adminAddresses: readonly string[];
  readonly startController: (plan: string, env?: Readonly<Record<string, string>>) => Promise<RunningController>;
  readonly setFaults: (faults: Faults) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type RunningController = {
  readonly url: string;
  readonly token: string;
  readonly status: () => Promise<StatusAnswer>;
  /** The newest first. */
  readonly history: () => Promise<readonly EventAnswer[]>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

type PartsOptions = {
  readonly replicas: number;
  /** Ends the starting early. */
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
};

/** A PostgreSQL, a flag server and replicas of the service, each a process of its own, in a folder that is removed at the end. */
export async function startParts({ replicas, signal, onProgress }: PartsOptions): Promise<Parts> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));

  onProgress('starting PostgreSQL');
  const postgres = await startEmbeddedPostgres(join(directory, 'postgres'), await freePort());
  stack.defer(postgres.stop);
  await migrate(postgres.url, () => {});
  await seedViolations(postgres.url);
  signal.throwIfAborted();

  onProgress('starting the flag server');
  const file = join(directory, 'flags.json');
  await ensureFlagsFile(file, FLAG);
  const flagd = await findFlagd(process.env);
  const flags = flagd === undefined ? await startFlagServer(file, 0, () => {}) : await startFlagd(flagd, file, 0);
  stack.defer(flags.stop);

  onProgress(`starting ${replicas} replicas of the service`);
  const env = {
    PORT: '0',
    ADMIN_PORT: '0',
    DATABASE_URL: postgres.url,
    FLAG_PROVIDER: 'flagd',
    FLAGD_HOST: '127.0.0.1',
    FLAGD_PORT: String(flags.port),
    FAULT_INJECTION: 'allow',
  };
  const services = await Promise.all(
    Array.from({ length: replicas }, async () => {
      const service = await startChild(SERVICE, 'serving', env, signal);
      stack.defer(service.stop);
      return service.ready;
    }),
  );
  const adminAddresses = services.map(({ admin_port: port }) => `127.0.0.1:${port}`);

  const owned = stack.move();
  return {
    directory,
    databaseUrl: postgres.url,
    flagServer: flagd === undefined ? 'the built-in flag server' : 'flagd',
    flagsFile: file,
    baseUrls: services.map(({ port }) => `http://127.0.0.1:${port}`),
    adminAddresses,
    startController: async (plan, more = {}) => {
      const planFile = join(directory, 'rollout.yaml');
      await writeFile(planFile, plan);
      const token = randomBytes(24).toString('hex');
      const settings = {
        CONTROLLER_PORT: '0',
        DATABASE_URL: postgres.url,
        FLAGS_FILE: file,
        PLAN_FILE: planFile,
        SCRAPE_TARGETS: adminAddresses.join(','),
        SLUICE_TOKEN: token,
        ...more,
      };
      const { ready, stop } = await startChild(CONTROLLER, 'watching', settings, signal);
      return speakTo(`http://127.0.0.1:${ready.port}`, token, stop);
    },
    setFaults: async (faults) => {
      await Promise.all(adminAddresses.map((address) => call('PUT', `http://${address}/faults`, faults)));
    },
    stop: () => owned.disposeAsync(),
  };
}

function speakTo(url: string, token: string, stop: () => Promise<void>): RunningController {
  return {
    url,
    token,
    stop,
    status: () => call<StatusAnswer>('GET', `${url}/api/status`),
    history: async () => (await call<HistoryAnswer>('GET', `${url}/api/history?limit=100`)).events,
    start: async () => {
      await call('POST', `${url}/api/commands`, { command: 'start', actor: 'demo', reason: 'the demo begins' }, token);
    },
  };
}

async function call<T>(method: string, url: string, body?: object, token?: string): Promise<T> {
  const answer = await fetch(url, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${method} ${url} was answered ${answer.status}: ${text}`);
  }
  return JSON.parse(text);
}
