import { type EvaluationContext, type EvaluationDetails, NOOP_PROVIDER, OpenFeature } from '@openfeature/server-sdk';
import type { Logger } from 'pino';
import { isPercent, type Percent } from '../../kit/percent.ts';
import type { Clock } from '../../kit/time.ts';
import { type FlagdOptions, readFlagdEndpoint } from './flag-endpoint.ts';
import { createFlagProvider } from './flag-provider.ts';
import { followFlags, type SyncTimes } from './flag-sync.ts';

/** What the flag is evaluated for: whoever keeps a path, and what else targeting rules may look at. */
type FlagContext = { readonly targetingKey: string; readonly [attribute: string]: string };

/** FlagSource knows what percent the rollout's flag asks for. */
export type FlagSource = {
  /** For one call, so that flagd's targeting rules apply to it. */
  readonly read: (context: FlagContext) => Promise<FlagReading>;
  /** For nobody in particular: what a request that no targeting rule names would get. */
  readonly readDefault: () => Promise<FlagReading>;
  /** When flagd last sent the flags, in milliseconds since 1970; undefined before the first time. */
  readonly receivedAt: () => number | undefined;
  readonly close: () => Promise<void>;
};

/** With FLAG_PROVIDER=env there is no flag: ROLLOUT_PERCENT is the percent. */
export function createFixedFlagSource(percent: Percent, clock: Pick<Clock, 'now'>): FlagSource {
  const reading = async () => ({ percent, reason: 'STATIC', errorCode: '' });
  return { read: reading, readDefault: reading, receivedAt: clock.now, close: async () => {} };
}

type FlagdSourceParts = {
  readonly flag: string;
  readonly flagd: FlagdOptions;
  readonly log: Logger;
  readonly clock: Clock;
  readonly times?: Partial<SyncTimes>;
};

let sources = 0;

/**
 * The flag as flagd serves it, evaluated in this process. It neither waits for flagd nor fails without it: never reached
 * means 0 %, lost later means that the last flags stay.
 */
export function createFlagdSource({ flag, flagd, log, clock, times }: FlagdSourceParts): FlagSource {
  const endpoint = readFlagdEndpoint(flagd, process.env);
  const logger = quietLogger(log);
  let receivedAt: number | undefined;
  let received = 0;
  let constant: FlagReading | undefined;
  const provider = createFlagProvider({
    logger,
    follow: (feed, signal) => followFlags({ endpoint, feed, clock, times }, signal),
    onReceived: () => {
      receivedAt = clock.now();
      received += 1;
      constant = undefined;
    },
    onChange: (change) => {
      switch (change.kind) {
        case 'ready':
          return log.info({ flagd: endpoint.target }, 'flag source ready');
        case 'away':
          return log.warn(
            { flagd: endpoint.target, why: change.why },
            'flag source unreachable; the last flags are kept, 0 % where there are none',
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
    const before = received;
    const reading = readingFromDetails(await client.getNumberDetails(flag, 0, context));
    // STATIC: no targeting rule, the same for every context until flags come again. Asking costs more than all the rest.
    if (reading.reason === 'STATIC' && before === received) {
      constant = reading;
    }
    return reading;
  }
  return {
    read: async (context) => constant ?? evaluate(context),
    readDefault: async () => constant ?? evaluate({}),
    receivedAt: () => receivedAt,
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

/** What the flag said, and why. A percent that cannot be trusted is 0. */
export type FlagReading = {
  readonly percent: Percent;
  /** OpenFeature's reason: STATIC, TARGETING_MATCH, DEFAULT, DISABLED, ERROR … */
  readonly reason: string;
  /** OpenFeature's error code, or INVALID_PERCENT for a number that is no percent; empty where nothing is wrong. */
  readonly errorCode: string;
};

export function readingFromDetails(details: EvaluationDetails<number>): FlagReading {
  const reason = details.reason ?? 'UNKNOWN';
  if (details.errorCode !== undefined) {
    return { percent: 0, reason, errorCode: details.errorCode };
  }
  if (!isPercent(details.value)) {
    return { percent: 0, reason: 'ERROR', errorCode: 'INVALID_PERCENT' };
  }
  return { percent: details.value, reason, errorCode: '' };
}
