import { findFlagd } from '../../../src/dev/embedded/flagd.ts';
import { until } from '../../../src/dev/until.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';
import { temporaryDirectory } from '../directory.ts';
import { type Controller, type ControllerOptions, TOKEN } from './controller.ts';
import { type Flags, startFlags } from './flags.ts';
import { type ControllerHereOptions, inThisProcess, type ReplicaHere } from './here.ts';
import { asProcesses, type ControllerProcess, type ReplicaProcess } from './processes.ts';
import { gather, type Replica, type Replicas } from './replica.ts';

type Env = Readonly<Record<string, string>>;
type Database = AsyncDisposable & { readonly url: string };

/** A database, a flag server and replicas of the service: what there is before anything watches or loads it. */
export type System<
  R extends Replica = Replica,
  C extends Controller = Controller,
  O extends ControllerOptions = ControllerOptions,
  D extends Database = TestDatabase,
> = AsyncDisposable & {
  /** For logs and data. */
  readonly directory: string;
  readonly database: D;
  readonly flags: Flags;
  /** Those that it began with. */
  readonly replicas: Replicas<R>;
  /** The first of them. */
  readonly service: R;
  /** One more, or one of other settings. */
  readonly startReplica: (env?: Env) => Promise<R>;
  /** It scrapes the replicas that the system began with, unless its `env` says otherwise. */
  readonly startController: (options: O) => Promise<C>;
  /** Ends it with the system, before what was there earlier. */
  readonly use: <T extends AsyncDisposable>(part: T) => T;
};
export type SystemHere = System<ReplicaHere, Controller, ControllerHereOptions>;
export type SystemOfProcesses<D extends Database = TestDatabase> = System<
  ReplicaProcess,
  ControllerProcess,
  ControllerOptions,
  D
>;

type SystemOptions = {
  /** 1 in this process, 2 as processes. */
  readonly replicas?: number;
  /** What the flag says at first. */
  readonly flag?: number;
  /** Of every replica. */
  readonly env?: Env;
};

/** The service and the controllers in this process, on a database of their own. */
export const startSystem = (options: SystemOptions = {}): Promise<SystemHere> =>
  assemble({ replicas: 1, ...options }, createTestDatabase, inThisProcess);

/** The service and the controllers as processes of their own, on a database of their own, under flagd where there is one. */
export const startSystemOfProcesses = async (options: SystemOptions = {}): Promise<SystemOfProcesses> =>
  startSystemOfProcessesOn(createTestDatabase, options);

export const startSystemOfProcessesOn = async <D extends Database>(
  openDatabase: (directory: string) => Promise<D>,
  options: SystemOptions = {},
): Promise<SystemOfProcesses<D>> =>
  assemble({ replicas: 2, ...options }, openDatabase, asProcesses, await findFlagd(process.env));

type Programs<R, C, O> = {
  readonly startReplica: (name: string, env: Env) => Promise<R>;
  readonly startController: (name: string, options: O) => Promise<C>;
};

/** What was still starting when everything was ended is ended as well. */
async function ownedBy<T extends AsyncDisposable>(owner: AsyncDisposableStack, part: T): Promise<T> {
  if (owner.disposed) {
    await part[Symbol.asyncDispose]();
    throw new Error('the system has ended');
  }
  return owner.use(part);
}

/** What was started is ended again where something else does not start. */
async function assemble<R extends Replica, C extends Controller, O extends ControllerOptions, D extends Database>(
  { replicas: count, flag = 0, env: envOfAll = {} }: SystemOptions & { readonly replicas: number },
  openDatabase: (directory: string) => Promise<D>,
  programs: (directory: string) => Programs<R, C, O>,
  flagd?: string,
): Promise<System<R, C, O, D>> {
  await using starting = new AsyncDisposableStack();
  const owned = starting.use(new AsyncDisposableStack());
  const { path: directory } = owned.use(await temporaryDirectory());
  const database = owned.use(await openDatabase(directory));
  const flags = owned.use(await startFlags(directory, flagd));
  await flags.set(flag);
  const { startReplica, startController } = programs(directory);

  let started = 0;
  const startOne = async (env: Env = {}): Promise<R> => {
    started += 1;
    const settings = { ...REPLICA_ENV, DATABASE_URL: database.url, ...flags.env, ...envOfAll, ...env };
    const replica = await ownedBy(owned, await startReplica(`service-${started}`, settings));
    if (follows(settings, flags)) {
      await until(`${replica.name} has its flags`, () => hasFlags(replica));
    }
    return replica;
  };
  const replicas = gather(...(await allOf(Array.from({ length: count }, () => startOne()))));
  starting.move();
  return {
    directory,
    database,
    flags,
    replicas,
    service: replicas.all[0] as R,
    startReplica: startOne,
    startController: async (options) => {
      const { name = 'controller', env } = options;
      const settings = {
        CONTROLLER_PORT: '0',
        DATABASE_URL: database.url,
        FLAGS_FILE: flags.file,
        SCRAPE_TARGETS: replicas.adminAddresses.join(','),
        SLUICE_TOKEN: TOKEN,
        ...env,
      };
      return ownedBy(owned, await startController(name, { ...options, env: settings }));
    },
    use: (part) => owned.use(part),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const REPLICA_ENV = { PORT: '0', ADMIN_PORT: '0', FORCE_DOMAIN: 'allow', FAULT_INJECTION: 'allow' };

const follows = (env: Env, flags: Flags) =>
  env.FLAG_PROVIDER === 'flagd' && env.FLAGD_PORT === flags.env.FLAGD_PORT && flags.isServed();

/** The age of its flags is there once it has some. */
const hasFlags = async (replica: Replica) =>
  (await replica.admin('/metrics')).text.includes('sluice_flag_age_seconds{');

/** Waits for all of them even where one fails: only then is all that was started known, and ended. */
async function allOf<T>(parts: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

/** Settings of a replica that serves this percent whatever the flags say. */
export const fixedAt = (percent: number) => ({ FLAG_PROVIDER: 'env', ROLLOUT_PERCENT: String(percent) });
