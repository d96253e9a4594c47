import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../../contract/client.ts';
import { type ApiFailure, apiError } from '../../contract/client-failure.ts';
import { migrateDatabase } from '../../contract/schema-of-database.ts';
import type { EventAnswer } from '../../contract/schemas.ts';
import type { Faults } from '../../routing/faults.ts';
import { startFlagServer } from '../embedded/flag-server.ts';
import { findFlagd, freePort, startFlagd } from '../embedded/flagd.ts';
import { ensureFlagsFile } from '../embedded/flags-file.ts';
import { startEmbeddedPostgres } from '../embedded/postgres.ts';
import { seedViolations } from '../embedded/seed.ts';
import { bodyOf } from '../tools/http.ts';
import { startChild } from './child.ts';

const FLAG = 'violation-status-domain-percent';
const PROGRAMS = join(import.meta.dirname, '../..');
const ANSWER_WITHIN_MS = 10_000;
const MOST_EVENTS = 1_000;

export type DemoParts = {
  readonly directory: string;
  readonly databaseUrl: string;
  readonly flagServer: string;
  readonly flagsFile: string;
  readonly baseUrls: readonly string[];
  /** `host:port` of each replica's metrics. */
  readonly adminAddresses: readonly string[];
  readonly startController: (plan: string, env?: Readonly<Record<string, string>>) => Promise<RunningController>;
  readonly setFaults: (faults: Faults) => Promise<void>;
  /** Aborted, with the reason, when a process that was started here ends by itself. */
  readonly lost: AbortSignal;
  readonly stop: () => Promise<void>;
};

export type RunningController = {
  readonly url: string;
  readonly token: string;
  readonly status: ApiClient['status'];
  /** The newest first. */
  readonly history: () => Promise<readonly EventAnswer[]>;
  readonly command: ApiClient['command'];
  /** @throws RefusedError where the controller may not raise the percent now. */
  readonly start: () => Promise<unknown>;
  readonly stop: () => Promise<void>;
};

type PartsOptions = {
  readonly replicas: number;
  /** Ends the starting early. */
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
  readonly postgresFlags?: readonly string[];
  /** The folder of service and controller, where they are not those of this tree. */
  readonly programs?: string;
};

export class RefusedError extends Error {}

/** A PostgreSQL, a flag server and replicas of the service, each a process of its own, in a folder that is removed at the end. */
export async function startParts(options: PartsOptions): Promise<DemoParts> {
  const { replicas, signal, onProgress, postgresFlags = [], programs = PROGRAMS } = options;
  await using stack = new AsyncDisposableStack();
  const lost = new AbortController();
  const onLost = (error: Error) => lost.abort(error);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));

  onProgress('starting PostgreSQL');
  const postgres = await startEmbeddedPostgres(join(directory, 'postgres'), await freePort(), postgresFlags);
  stack.defer(postgres.stop);
  await migrateDatabase(postgres.url, () => {});
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
      const service = await startChild({ file: join(programs, 'service.ts'), message: 'serving', env, signal, onLost });
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
      const { ready, stop } = await startChild({
        file: join(programs, 'controller.ts'),
        message: 'watching',
        env: settings,
        signal,
        onLost,
      });
      const url = `http://127.0.0.1:${ready.port}`;
      const api = createApiClient({
        url: new URL(url),
        token: () => token,
        timeoutMs: ANSWER_WITHIN_MS,
        errorOf,
      });
      const start = { command: 'start', actor: 'demo', reason: 'the demo begins' } as const;
      return {
        url,
        token,
        stop,
        status: api.status,
        history: async () => (await api.history(MOST_EVENTS)).events,
        command: api.command,
        start: () => api.command(start),
      };
    },
    setFaults: async (faults) => {
      const json = JSON.stringify(faults);
      await Promise.all(adminAddresses.map((address) => bodyOf(`http://${address}/faults`, { method: 'PUT', json })));
    },
    lost: lost.signal,
    stop: () => owned.disposeAsync(),
  };
}

function errorOf(failure: ApiFailure): Error {
  const error = apiError(failure);
  return failure.kind === 'refused' && failure.status === 409 ? new RefusedError(error.message) : error;
}
