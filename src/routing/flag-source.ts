import { type EvaluationContext, NOOP_PROVIDER, OpenFeature } from '@openfeature/server-sdk';
import type { Logger } from 'pino';
import type { StatusUpdate } from '../violations/violation.ts';
import { type FlagdOptions, readFlagdEndpoint } from './flag-endpoint.ts';
import { createFlagProvider } from './flag-provider.ts';
import { followFlags, type SyncTimes } from './flag-sync.ts';
import { type FlagReading, type Percent, readingFromDetails } from './percent.ts';

/** FlagSource knows what percent the rollout's flag asks for. */
export type FlagSource = {
  /** For one request, so that flagd's targeting rules apply to its record and its `handled_by`. */
  readonly read: (update: Pick<StatusUpdate, 'violationId' | 'handledBy'>) => Promise<FlagReading>;
  /** For nobody in particular: what a request that no targeting rule names would get. */
  readonly readDefault: () => Promise<FlagReading>;
  /** When flagd last told the flags, in milliseconds since 1970; undefined before the first time. */
  readonly toldAt: () => number | undefined;
  readonly close: () => Promise<void>;
};

/** With FLAG_PROVIDER=env there is no flag: ROLLOUT_PERCENT is the percent. */
export function createFixedFlagSource(percent: Percent): FlagSource {
  const reading = async () => ({ percent, reason: 'STATIC', errorCode: '' });
  return { read: reading, readDefault: reading, toldAt: Date.now, close: async () => {} };
}

type Options = {
  readonly flag: string;
  readonly flagd: FlagdOptions;
  readonly log: Logger;
  readonly times?: Partial<SyncTimes>;
};

let sources = 0;

/**
 * The flag as flagd serves it, evaluated in this process. It neither waits for flagd nor fails without it: never reached
 * means 0 %, lost later means that the last flags stay.
 */
export function createFlagdSource({ flag, flagd, log, times }: Options): FlagSource {
  const endpoint = readFlagdEndpoint(flagd, process.env);
  const logger = quietLogger(log);
  let toldAt: number | undefined;
  let tellings = 0;
  let constant: FlagReading | undefined;
  const provider = createFlagProvider({
    logger,
    follow: (feed, signal) => followFlags(endpoint, feed, signal, times),
    onTold: () => {
      toldAt = Date.now();
      tellings += 1;
      constant = undefined;
    },
    onChange: (change) => {
      switch (change.kind) {
        case 'ready':
          return log.info({ flagd: endpoint.target }, 'flag source ready');
        case 'away':
          return log.warn(
            { flagd: endpoint.target, why: change.why },
            'flag source away; the last flags stay, 0 % where there are none',
          );
        case 'back':
          return log.info({ flagd: endpoint.target }, 'flag source back');
        case 'refused':
          return log.warn({ why: change.why }, 'flags refused; the last good flags stay');
        case 'changed':
          return log.info({ flags: change.flags }, 'flags changed');
      }
    },
  });
  // A domain of its own, not the process-wide default: two services in one process do not share flags.
  const domain = `sluice/${++sources}`;
  OpenFeature.setLogger(logger);
  OpenFeature.setProvider(domain, provider);
  const client = OpenFeature.getClient(domain);

  async function evaluate(context: EvaluationContext): Promise<FlagReading> {
    const before = tellings;
    const reading = readingFromDetails(await client.getNumberDetails(flag, 0, context));
    // STATIC: no targeting rule, the same for every context until flags come again. Asking costs more than all the rest.
    if (reading.reason === 'STATIC' && before === tellings) {
      constant = reading;
    }
    return reading;
  }
  return {
    read: async ({ violationId, handledBy }) =>
      constant ??
      evaluate(
        handledBy === undefined ? { targetingKey: violationId } : { targetingKey: violationId, handled_by: handledBy },
      ),
    readDefault: async () => constant ?? evaluate({}),
    toldAt: () => toldAt,
    close: async () => {
      // Replacing a provider closes it, but is not awaited by the SDK.
      constant = undefined;
      await OpenFeature.setProviderAndWait(domain, NOOP_PROVIDER);
      await provider.onClose();
    },
  };
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
