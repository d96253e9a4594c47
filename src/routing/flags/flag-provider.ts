import { FlagdCore } from '@openfeature/flagd-core';
import { FlagdProvider } from '@openfeature/flagd-provider';
import type { EvaluationContext, FlagValue, FlagValueType, Logger, ResolutionDetails } from '@openfeature/server-sdk';
import type { FlagFeed, FlagPayload } from './flag-sync.ts';

type Service = NonNullable<ConstructorParameters<typeof FlagdProvider>[2]>;
type FlagSourceChange =
  | { readonly kind: 'ready' | 'back' }
  | { readonly kind: 'away' | 'refused'; readonly why: string }
  | { readonly kind: 'changed'; readonly flags: readonly string[] };
type FlagProviderParts = {
  /** Feeds the provider until the signal ends it. */
  readonly follow: (feed: FlagFeed, signal: AbortSignal) => Promise<void>;
  /** Flags were received that can be used, changed or not; the next evaluation sees them. */
  readonly onReceived: () => void;
  readonly onChange: (change: FlagSourceChange) => void;
  readonly logger: Logger;
};

/**
 * flagd's provider, fed by a stream of ours. Its own stream stays deaf after a graceful end, comes back late from an
 * outage, and cannot be closed during one.
 *
 * Not ready before the first flags it can use; from then on it always has the last good ones.
 */
export function createFlagProvider({ follow, onReceived, onChange, logger }: FlagProviderParts): FlagdProvider {
  const core = new FlagdCore(undefined, logger);
  const closing = new AbortController();
  let following: Promise<void> = Promise.resolve();
  let serverContext: EvaluationContext | undefined;
  let refused: string | undefined;

  /** @returns the keys that changed, or undefined where the flags cannot be used. */
  function take({ flags, context }: FlagPayload): string[] | undefined {
    try {
      const keys = core.setConfigurations(flags);
      serverContext = Object.keys(context).length > 0 ? (context as EvaluationContext) : undefined;
      refused = undefined;
      onReceived();
      return keys;
    } catch (error) {
      // Each new stream brings them again; reporting them once is enough.
      if (flags !== refused) {
        onChange({ kind: 'refused', why: (error as Error).message });
      }
      refused = flags;
      return undefined;
    }
  }

  const connect: Service['connect'] = (reconnected, changed, disconnected) =>
    // Never settles when closed before the first flags: neither READY nor an error would be true.
    new Promise((ready) => {
      let reached = false;
      let away = false;
      const onFlags = (payload: FlagPayload) => {
        const keys = take(payload);
        if (away) {
          away = false;
          onChange({ kind: 'back' });
          if (reached) {
            reconnected();
          }
        }
        if (keys === undefined) {
          return;
        }
        if (!reached) {
          reached = true;
          onChange({ kind: 'ready' });
          ready();
        } else if (keys.length > 0) {
          onChange({ kind: 'changed', flags: keys });
          changed(keys);
        }
      };
      const onAway = (why: string) => {
        if (away) {
          return;
        }
        away = true;
        onChange({ kind: 'away', why });
        if (reached) {
          disconnected(why);
        }
      };
      following = follow({ onFlags, onAway }, closing.signal);
    });

  const evaluate: Resolve = async (type, flag, fallback, context, log) =>
    core.resolve(type, flag, fallback, serverContext ? { ...context, ...serverContext } : context, log);

  const service: Service = {
    connect,
    disconnect: () => {
      closing.abort();
      return following;
    },
    clearCache: () => {},
    resolveBoolean: (...asked) => evaluate('boolean', ...asked),
    resolveString: (...asked) => evaluate('string', ...asked),
    resolveNumber: (...asked) => evaluate('number', ...asked),
    resolveObject: (...asked) => evaluate('object', ...asked),
  };
  return new FlagdProvider({ resolverType: 'in-process' }, undefined, service);
}

type Resolve = <T extends FlagValue>(
  type: FlagValueType,
  flag: string,
  fallback: T,
  context: EvaluationContext,
  logger: Logger,
) => Promise<ResolutionDetails<T>>;
