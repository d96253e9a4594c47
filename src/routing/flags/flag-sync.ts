import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import {
  Client,
  type ClientReadableStream,
  loadPackageDefinition,
  Metadata,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Clock } from '../../kit/time.ts';
import type { FlagdEndpoint } from './flag-endpoint.ts';

export type SyncTimes = {
  /** The pause after each end of the stream. A rollback pushed in it arrives this much later. */
  readonly pauseMs: number;
  /** How long an attempt waits for its first flags. */
  readonly firstFlagsMs: number;
  /** A stream is opened anew this often, so that one that died unnoticed is deaf no longer than this. */
  readonly renewMs: number;
};
const TIMES: SyncTimes = { pauseMs: 100, firstFlagsMs: 2_000, renewMs: 30_000 };

export type FlagPayload = { readonly flags: string; readonly context: Readonly<Record<string, unknown>> };
export type FlagFeed = {
  /** All flags, each time: first on every new stream, then whenever flagd changes one. */
  readonly onFlags: (payload: FlagPayload) => void;
  /** An attempt brought no flags. */
  readonly onAway: (why: string) => void;
};

type FlagSyncParts = {
  readonly endpoint: FlagdEndpoint;
  readonly feed: FlagFeed;
  readonly clock: Clock;
  readonly times?: Partial<SyncTimes> | undefined;
};

/**
 * Follows flagd's stream of flags until the signal ends it; opens it again whatever way it ended.
 *
 * Each attempt has a channel of its own: a channel kept over an outage waits out its backoff, up to two minutes.
 */
export async function followFlags({ endpoint, feed, clock, times }: FlagSyncParts, signal: AbortSignal): Promise<void> {
  const given = { ...TIMES, ...times };
  while (!signal.aborted) {
    let isReported = false;
    const why =
      (await whyAway(endpoint, clock, given, signal)) ??
      (await streamOnce(endpoint, clock, given, signal, (payload) => {
        isReported = true;
        feed.onFlags(payload);
      }));
    if (signal.aborted) {
      return;
    }
    if (!isReported) {
      feed.onAway(why);
    }
    await clock.sleep(given.pauseMs, signal);
  }
}

/**
 * grpc-js never gives up a connection that hangs half-way, not even when closed; so it only begins where flagd answers.
 *
 * @returns why flagd cannot be spoken to, or undefined where it can.
 */
async function whyAway(
  { dial }: FlagdEndpoint,
  clock: Clock,
  { firstFlagsMs }: SyncTimes,
  signal: AbortSignal,
): Promise<string | undefined> {
  const socket = dial();
  const session = connectHttp2('http://flagd', { createConnection: () => socket });
  session.on('error', () => {});
  try {
    await clock.within(firstFlagsMs, (ending) => once(session, 'remoteSettings', { signal: ending }), signal);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    session.destroy();
    socket.destroy();
  }
}

/** @returns why the stream ended. */
async function streamOnce(
  { target, selector, credentials, channel }: FlagdEndpoint,
  clock: Clock,
  { firstFlagsMs, renewMs }: SyncTimes,
  signal: AbortSignal,
  onFlags: (payload: FlagPayload) => void,
): Promise<string> {
  const client = new Client(target, credentials, channel);
  const metadata = new Metadata();
  if (selector !== '') {
    metadata.set('flagd-selector', selector);
  }
  const { path, requestSerialize, responseDeserialize } = syncFlags;
  const stream: ClientReadableStream<SyncFlagsResponse> = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    { provider_id: '', selector },
    metadata,
    { deadline: clock.now() + renewMs },
  );
  const cancel = () => stream.cancel();
  const tooLate = clock.timeout(firstFlagsMs);
  tooLate.addEventListener('abort', cancel);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of stream as AsyncIterable<SyncFlagsResponse>) {
      tooLate.removeEventListener('abort', cancel);
      onFlags({ flags: message.flag_configuration ?? '', context: contextFrom(message.sync_context) });
    }
    return 'the stream ended';
  } catch (error) {
    return (error as ServiceError).details ?? (error as Error).message;
  } finally {
    tooLate.removeEventListener('abort', cancel);
    signal.removeEventListener('abort', cancel);
    stream.cancel();
    client.close();
  }
}

type Struct = { readonly fields?: Readonly<Record<string, StructValue>> };
type StructValue = {
  readonly stringValue?: string;
  readonly numberValue?: number;
  readonly boolValue?: boolean;
  readonly structValue?: Struct;
  readonly listValue?: { readonly values?: readonly StructValue[] };
};
type SyncFlagsResponse = { readonly flag_configuration?: string; readonly sync_context?: Struct | null };

const contextFrom = (struct: Struct | null | undefined): Record<string, unknown> =>
  Object.fromEntries(Object.entries(struct?.fields ?? {}).map(([key, value]) => [key, plain(value)]));

function plain({ stringValue, numberValue, boolValue, structValue, listValue }: StructValue): unknown {
  if (structValue) {
    return contextFrom(structValue);
  }
  return listValue ? (listValue.values ?? []).map(plain) : (stringValue ?? numberValue ?? boolValue ?? null);
}

const proto = loadPackageDefinition(loadSync(join(import.meta.dirname, 'flagd-sync.proto'), { keepCase: true }));
// biome-ignore lint/suspicious/noExplicitAny: the loader's type does not know what the file declares.
const syncFlags: MethodDefinition<object, SyncFlagsResponse> = (proto as any).flagd.sync.v1.FlagSyncService.service
  .SyncFlags;
