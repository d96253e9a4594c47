import { FlagdProvider } from '@openfeature/flagd-provider';
import {
  type EvaluationContext,
  NOOP_PROVIDER,
  OpenFeature,
  type Provider,
  ProviderEvents,
} from '@openfeature/server-sdk';
import type { Logger } from 'pino';
import type { StatusUpdate } from '../violations/violation.ts';
import { type FlagReading, type Percent, readingFromDetails } from './percent.ts';

/** FlagSource knows what percent the rollout's flag asks for. */
export type FlagSource = {
  /** For one request, so that flagd's targeting rules apply to its record and its `handled_by`. */
  readonly read: (update: Pick<StatusUpdate, 'violationId' | 'handledBy'>) => Promise<FlagReading>;
  /** For nobody in particular: what a request that no targeting rule names would get. */
  readonly readDefault: () => Promise<FlagReading>;
  readonly close: () => Promise<void>;
};

/** With FLAG_PROVIDER=env there is no flag: ROLLOUT_PERCENT is the percent. */
export function createFixedFlagSource(percent: Percent): FlagSource {
  const reading = async () => ({ percent, reason: 'STATIC', errorCode: '' });
  return { read: reading, readDefault: reading, close: async () => {} };
}

export type FlagdOptions = {
  readonly host: string | undefined;
  readonly port: number | undefined;
};
type Options = { readonly flag: string; readonly flagd: FlagdOptions; readonly log: Logger };

/**
 * The flag as flagd serves it, evaluated in this process. It neither waits for flagd nor fails without it: never reached
 * means 0 %, lost later means that the last flags stay.
 */
export function createFlagdSource({ flag, flagd, log }: Options): FlagSource {
  return createOpenFeatureSource({ flag, provider: createFlagdProvider(flagd), log });
}

let sources = 0;

function createOpenFeatureSource({
  flag,
  provider,
  log,
}: {
  flag: string;
  provider: Provider;
  log: Logger;
}): FlagSource {
  // A domain of its own, not the process-wide default: two services in one process do not share flags.
  const domain = `sluice/${++sources}`;
  OpenFeature.setLogger(quietLogger(log));
  const client = OpenFeature.getClient(domain);
  client.addHandler(ProviderEvents.Ready, () => log.info('flag source ready'));
  client.addHandler(ProviderEvents.Stale, () => log.warn('flag source lost; the last flags stay'));
  client.addHandler(ProviderEvents.Error, () => log.warn('flag source still away'));
  client.addHandler(ProviderEvents.ConfigurationChanged, () => log.info('flags changed'));
  OpenFeature.setProvider(domain, provider);

  const evaluate = async (context: EvaluationContext) =>
    readingFromDetails(await client.getNumberDetails(flag, 0, context));
  return {
    read: ({ violationId, handledBy }) =>
      evaluate(
        handledBy === undefined ? { targetingKey: violationId } : { targetingKey: violationId, handled_by: handledBy },
      ),
    readDefault: () => evaluate({}),
    // Replacing a provider closes it.
    close: () => OpenFeature.setProviderAndWait(domain, NOOP_PROVIDER),
  };
}

/** The provider's constructor beats its environment variables, so only what they leave open is given. */
function createFlagdProvider({ host, port }: FlagdOptions): FlagdProvider {
  return new FlagdProvider({
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    // Evaluations over the network took seconds with flagd away; in the process they take microseconds.
    resolverType: 'in-process',
    // Also the flat pause after each stream error: with the default of 5 s a rollback pushed meanwhile arrives late.
    ...(!process.env.FLAGD_RETRY_BACKOFF_MAX_MS && { retryBackoffMaxMs: 200 }),
    // flagd answers faster pings with GOAWAY.
    ...(!process.env.FLAGD_KEEP_ALIVE_TIME_MS && { keepAliveTime: 30_000 }),
  });
}

/** The SDK hands errors with their stacks to its logger; a line each is enough. */
function quietLogger(log: Logger) {
  const line = (args: unknown[]) => args.map((arg) => (arg instanceof Error ? arg.message : String(arg))).join(' ');
  return {
    error: (...args: unknown[]) => log.warn(line(args)),
    warn: (...args: unknown[]) => log.warn(line(args)),
    info: (...args: unknown[]) => log.info(line(args)),
    debug: (...args: unknown[]) => log.debug(line(args)),
  };
}
