import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';

/** Where flagd's sync service is, and how to speak to it. */
export type FlagdEndpoint = {
  readonly target: string;
  /** A bare connection, to see whether flagd is there. */
  readonly dial: () => Socket;
  readonly selector: string;
  readonly credentials: ChannelCredentials;
  readonly channel: ChannelOptions;
};
export type FlagdOptions = { readonly host: string | undefined; readonly port: number | undefined };

/** Reads what the options leave open from the variables of flagd's own providers. */
export function readFlagdEndpoint(options: FlagdOptions, env: NodeJS.ProcessEnv): FlagdEndpoint {
  const host = options.host ?? (env.FLAGD_HOST || 'localhost');
  const port = options.port ?? Number(env.FLAGD_SYNC_PORT || env.FLAGD_PORT || 8015);
  const path = env.FLAGD_SOCKET_PATH;
  const tls = env.FLAGD_TLS?.toLowerCase() === 'true';
  const dial = () => (path ? connect({ path }) : connect({ host, port }));
  return {
    target: path ? `unix://${path}` : `${host}:${port}`,
    // Nothing is sent over it, so there is nobody to verify.
    dial: tls ? () => connectTls({ socket: dial(), ALPNProtocols: ['h2'], rejectUnauthorized: false }) : dial,
    selector: env.FLAGD_SOURCE_SELECTOR ?? '',
    credentials: tls
      ? credentials.createSsl(env.FLAGD_SERVER_CERT_PATH ? readFileSync(env.FLAGD_SERVER_CERT_PATH) : null)
      : credentials.createInsecure(),
    channel: {
      // flagd answers pings more often than each 30 s with GOAWAY.
      'grpc.keepalive_time_ms': Number(env.FLAGD_KEEP_ALIVE_TIME_MS) || 30_000,
      'grpc.keepalive_timeout_ms': 5_000,
      // A subchannel shared with an earlier attempt would bring that attempt's backoff along.
      'grpc.use_local_subchannel_pool': 1,
      // flagd is dialled directly, here and by `dial`.
      'grpc.enable_http_proxy': 0,
      ...(env.FLAGD_DEFAULT_AUTHORITY && { 'grpc.default_authority': env.FLAGD_DEFAULT_AUTHORITY }),
    },
  };
}
