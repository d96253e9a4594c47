import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** File events come at once, but not on every file system; reading again this often finds what they missed. */
const REREAD_MS = 100;

type Configuration = { readonly flag_configuration: string };
type Stream = ServerWritableStream<unknown, Configuration>;

export type FlagServer = { readonly port: number; readonly stop: () => Promise<void> };

/**
 * A small server of flagd's sync protocol over one flags file, for machines without flagd.
 *
 * As flagd's own file source does, it keeps the last good flags while the file is missing, empty, `{}` or no JSON.
 * It holds no opinion on what the flags mean: as with flagd, that is the provider's.
 */
export async function startFlagServer(
  file: string,
  port: number,
  onBadFile: (why: string) => void,
): Promise<FlagServer> {
  const streams = new Set<Stream>();
  let current: string | undefined;
  let refused: string | undefined;

  async function reload(): Promise<void> {
    const text = await readFile(file, 'utf8').catch((error: Error) => error);
    const why = text instanceof Error ? text.message : reasonToRefuse(text);
    if (why !== undefined) {
      if (why !== refused) {
        onBadFile(why);
      }
      refused = why;
      return;
    }
    refused = undefined;
    if (text === current) {
      return;
    }
    current = text as string;
    for (const stream of streams) {
      stream.write({ flag_configuration: current });
    }
  }

  // One after the other: of two overlapping reads the older one could win.
  let reloading = reload();
  const reloadNext = () => {
    reloading = reloading.then(reload);
  };
  await reloading;
  // The folder, not the file: editors and ConfigMap volumes replace files.
  const watcher = watch(dirname(join(file)), (_event, name) => {
    if (name === null || name === basename(file) || name === '..data') {
      reloadNext();
    }
  });
  watcher.on('error', () => {});
  const timer = setInterval(reloadNext, REREAD_MS);

  const server = new Server();
  server.addService(syncService(), {
    SyncFlags: (stream: Stream) => {
      streams.add(stream);
      stream.on('cancelled', () => streams.delete(stream));
      if (current !== undefined) {
        stream.write({ flag_configuration: current });
      }
    },
    FetchAllFlags: (_call: unknown, answer: sendUnaryData<Configuration>) => {
      answer(null, { flag_configuration: current ?? '{}' });
    },
  });
  const boundPort = await bind(server, port);

  return {
    port: boundPort,
    stop: async () => {
      clearInterval(timer);
      watcher.close();
      await reloading;
      for (const stream of streams) {
        // A stream that ends gracefully leaves the provider READY and deaf; only an error makes it come back.
        stream.emit('error', { code: status.UNAVAILABLE, details: 'the flag server is stopping' });
      }
      await new Promise<void>((resolve) => {
        server.tryShutdown(() => resolve());
        setTimeout(() => server.forceShutdown(), 200).unref();
      });
    },
  };
}

function reasonToRefuse(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'flags' in parsed ? undefined : 'it has no "flags"';
  } catch (error) {
    return (error as Error).message;
  }
}

function syncService(): ServiceDefinition {
  const definition = loadSync(join(import.meta.dirname, 'flagd-sync.proto'), { keepCase: true });
  // biome-ignore lint/suspicious/noExplicitAny: the loader's type does not know what the file declares.
  return (loadPackageDefinition(definition) as any).flagd.sync.v1.FlagSyncService.service;
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
}
