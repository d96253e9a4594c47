import { type Alertmanager, startAlertmanager } from '../../../src/dev/tools/alertmanager.ts';
import { findTools } from '../../../src/dev/tools/find.ts';
import { type Prometheus, startPrometheus } from '../../../src/dev/tools/prometheus.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type Controller, startController, TOKEN } from './controllers.ts';
import { type Flags, startFlags } from './flags.ts';
import { type RunningLoad, startLoad } from './k6.ts';
import { type Replicas, startReplicas } from './replicas.ts';
import { temporaryDirectory } from './workspace.ts';

const REPLICAS = 2;
const RATE_PER_SECOND = 80;
/** Longer than any test takes: each ends its load itself. */
const LONGEST_LOAD_SECONDS = 150;

type ControllerParts = {
  readonly plan: string;
  readonly name?: string;
  readonly databaseUrl?: string;
  readonly flagsFile?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Two replicas, their flags and their database: what there is before anything watches or loads it. */
export type System = AsyncDisposable & {
  readonly directory: string;
  readonly database: TestDatabase;
  readonly flags: Flags;
  readonly replicas: Replicas;
  /** It scrapes the replicas, unless `env` says otherwise. */
  readonly startController: (parts: ControllerParts) => Promise<Controller>;
  readonly startPrometheus: (more?: {
    readonly controllers?: readonly string[];
    readonly alertmanager?: string;
  }) => Promise<Prometheus>;
  readonly startAlertmanager: (controller: Controller) => Promise<Alertmanager>;
  /** 80 status updates a second, spread over the replicas, until the test ends it. */
  readonly startLoad: () => Promise<RunningLoad>;
};

export async function startSystem(): Promise<System> {
  const tools = await findTools();
  await using stack = new AsyncDisposableStack();
  const { path: directory } = stack.use(await temporaryDirectory());
  const database = stack.use(await createTestDatabase());
  const flags = stack.use(await startFlags(directory));
  const replicas = stack.use(
    await startReplicas({ count: REPLICAS, directory, databaseUrl: database.url, env: flags.env }),
  );
  const owned = stack.move();
  return {
    directory,
    database,
    flags,
    replicas,
    startController: ({ env, ...parts }) =>
      startController({
        directory,
        databaseUrl: database.url,
        flagsFile: flags.file,
        env: { SCRAPE_TARGETS: replicas.adminAddresses.join(','), ...env },
        ...parts,
      }),
    startPrometheus: async (more) => {
      const prometheus = await startPrometheus({
        program: tools.require('prometheus'),
        directory,
        services: replicas.adminAddresses,
        ...more,
      });
      await prometheus.untilScraped();
      return prometheus;
    },
    startAlertmanager: (controller) =>
      startAlertmanager({
        program: tools.require('alertmanager'),
        directory,
        webhookUrl: `${controller.url}/api/alerts`,
        token: TOKEN,
      }),
    startLoad: () =>
      startLoad({
        program: tools.require('k6'),
        directory,
        baseUrls: replicas.baseUrls,
        ratePerSecond: RATE_PER_SECOND,
        seconds: LONGEST_LOAD_SECONDS,
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
