import { type FSWatcher, watch } from 'node:fs';
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
/** A file that stays bad for longer is no write under way. */
const WRITE_MS = 150;
/** Clients that have not gone by then are dropped, which they see as UNAVAILABLE too. */
const STOP_MS = 200;

type Configuration = { readonly flag_configuration: string };
type Stream = ServerWritableStream<unknown, Configuration>;

export type FlagServer = { readonly port: number; readonly stop: () => Promise<void> };

/**
 * A small server of flagd's sync protocol over one flags file, for machines without flagd.
 *
 * As flagd's own file source does, it keeps the last good flags while the file is missing, empty, `{}` or no JSON.
 * It holds no opinion on what the flags mean: as with flagd, that is the provider's.
 *
 * @param onBadFile hears once why the file cannot be used, when that is so at the start or for longer than a write takes.
 * @throws when the port is taken.
 */
export async function startFlagServer(
  file: string,
  port: number,
  onBadFile: (why: string) => void,
): Promise<FlagServer> {
  const streams = new Set<Stream>();
  let current: string | undefined;
  let bad: { readonly why: string; readonly since: number; readonly isLogged: boolean } | undefined;

  function send(stream: Stream): void {
    // A client that does not read gets the newest flags once it does, not all that were meanwhile.
    if (current !== undefined && !stream.writableNeedDrain) {
      stream.write({ flag_configuration: current });
    }
  }

  function refuse(why: string): void {
    // Whoever writes without renaming leaves an empty file for a moment; that is nothing to log.
    const { since, isLogged } = bad?.why === why ? bad : { since: Date.now(), isLogged: false };
    const mustLog = !isLogged && (current === undefined || Date.now() - since >= WRITE_MS);
    bad = { why, since, isLogged: isLogged || mustLog };
    if (mustLog) {
      onBadFile(why);
    }
  }

  async function reload(): Promise<void> {
    const text = await readFile(file, 'utf8').catch((error: Error) => error);
    const why = text instanceof Error ? text.message : reasonToRefuse(text);
    if (why !== undefined) {
      return refuse(why);
    }
    bad = undefined;
    if (text !== current) {
      current = text as string;
      streams.forEach(send);
    }
  }

  // One after the other: of two overlapping reads the older one could win.
  let reloading = reload();
  const reloadNext = () => {
    reloading = reloading.then(reload);
  };
  await reloading;
  const server = new Server();
  server.addService(syncService(), {
    SyncFlags: (stream: Stream) => {
      stream.on('cancelled', () => streams.delete(stream));
      stream.on('drain', () => send(stream));
      // Who comes new gets what the file says now, not what it said when it was last looked at.
      reloadNext();
      void reloading.then(() => {
        if (!stream.cancelled) {
          streams.add(stream);
          send(stream);
        }
      });
    },
    FetchAllFlags: (_call: unknown, answer: sendUnaryData<Configuration>) => {
      answer(null, { flag_configuration: current ?? '{}' });
    },
  });
  const boundPort = await bind(server, port);
  const timer = setInterval(reloadNext, REREAD_MS);
  const watcher = watchFolder(file, reloadNext);

  return {
    port: boundPort,
    stop: async () => {
      clearInterval(timer);
      watcher?.close();
      await reloading;
      for (const stream of streams) {
        // A stream that ends gracefully leaves the provider READY and deaf; only an error makes it come back.
        stream.emit('error', { code: status.UNAVAILABLE, details: 'the flag server is stopping' });
      }
      const force = setTimeout(() => server.forceShutdown(), STOP_MS);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(force);
    },
  };
}

function watchFolder(file: string, onEvent: () => void): FSWatcher | undefined {
  try {
    // The folder, not the file: editors and ConfigMap volumes replace files.
    const watcher = watch(dirname(file), (_event, name) => {
      if (name === null || name === basename(file) || name === '..data') {
        onEvent();
      }
    });
    return watcher.on('error', () => {});
  } catch {
    // No such folder yet, or no watches left: reading again finds the changes.
    return undefined;
  }
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
  const definition = loadSync(join(import.meta.dirname, '../../routing/flags/flagd-sync.proto'), { keepCase: true });
  // biome-ignore lint/suspicious/noExplicitAny: the loader's type does not know what the file declares.
  return (loadPackageDefinition(definition) as any).flagd.sync.v1.FlagSyncService.service;
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) {
        server.forceShutdown();
        reject(new Error(`The flag server cannot listen on 127.0.0.1:${port}: ${error.message}`));
      } else {
        resolve(bound);
      }
    });
  });
}
