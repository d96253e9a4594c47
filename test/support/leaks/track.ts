import { createHook } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import { subscribe, tracingChannel } from 'node:diagnostics_channel';
import type { Server as HttpServer } from 'node:http';
import { createRequire } from 'node:module';
import type { Server, Socket } from 'node:net';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';

/** Something that keeps a process from ending, or that only its owner can end. */
type Left = { readonly what: () => string; readonly end: () => void };

type Opened = Left & { readonly isLeft: () => boolean };

const ROOT = resolve(import.meta.dirname, '../../..');
const STACK_LIMIT = 30;

/** All that was opened and has not been closed, by what closes it. */
const open = new Map<object, Opened>();
const timers = new Map<number, { readonly timer: NodeJS.Timeout; readonly made: () => string }>();
let runningTest: string | undefined;
// The streams of this process are opened when they are first named; they are nothing that is left.
const { stdin: _in, stdout: _out, stderr: _err } = process;
const streams = process.getActiveResourcesInfo();

/** Begins to follow what this process opens from now on. */
export function startTracking(): void {
  tracingChannel('node.test').start.subscribe((test) => {
    const { name, type } = test as { name: string; type: string };
    runningTest = type === 'test' && name !== '<root>' ? name : undefined;
  });
  subscribe('child_process', (message) => followChild((message as { process: ChildProcess }).process));
  subscribe('net.client.socket', (message) => followSocket((message as { socket: Socket }).socket));
  subscribe('net.server.socket', (message) => followSocket((message as { socket: Socket }).socket));
  subscribe('tracing:net.server.listen:asyncStart', (message) => followServer((message as { server: Server }).server));
  followTimers();
  followDatabase();
}

/** What is open now. */
export function findLeft(): readonly Left[] {
  const found = [
    ...Array.from(open.values()).filter(({ isLeft }) => isLeft()),
    ...Array.from(timers.values()).flatMap(({ timer, made }) =>
      timer.hasRef() ? [{ what: () => `a timer${made()}`, end: () => clearTimeout(timer) }] : [],
    ),
  ];
  return found.length > 0 ? found : findOthers();
}

/**
 * What a write under way is called. It goes with its stream, which is named where it is left; on the standard streams it only says
 * that whoever reads them is slow.
 */
const WRITES = ['WriteWrap', 'SimpleWriteWrap'];

/** What the process itself reports, by the names that Node has for it: a watched file, say, or a worker. */
function findOthers(): readonly Left[] {
  const others = process.getActiveResourcesInfo().filter((name) => !WRITES.includes(name));
  for (const one of streams) {
    others.splice(others.indexOf(one), others.includes(one) ? 1 : 0);
  }
  return others.map((name) => ({ what: () => name, end: () => {} }));
}

function followChild(child: ChildProcess): void {
  const made = here();
  open.set(child, {
    what: () => `a child process (${child.pid}: ${child.spawnargs.join(' ').slice(0, 100)})${made()}`,
    isLeft: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    end: () => child.kill('SIGKILL'),
  });
  child.once('exit', () => open.delete(child));
}

function followSocket(socket: Socket): void {
  const made = here();
  // A connection that waits in an agent to be used again keeps nobody: its handle says so, and nothing else does.
  const handle = () => (socket as { _handle?: { readonly hasRef: () => boolean } | null })._handle;
  open.set(socket, {
    what: () => `a socket (from port ${socket.localPort} to ${socket.remotePort})${made()}`,
    isLeft: () => !socket.destroyed && handle()?.hasRef() === true,
    end: () => socket.destroy(),
  });
  socket.once('close', () => open.delete(socket));
}

function followServer(server: Server): void {
  const made = here();
  open.set(server, {
    what: () => `a server${made()}`,
    isLeft: () => server.listening,
    end: () => {
      server.close();
      (server as Partial<HttpServer>).closeAllConnections?.();
    },
  });
  server.once('close', () => open.delete(server));
}

function followTimers(): void {
  createHook({
    init: (id, type, _trigger, resource) => {
      if (type === 'Timeout') {
        timers.set(id, { timer: resource as NodeJS.Timeout, made: here() });
      }
    },
    destroy: (id) => timers.delete(id),
  }).enable();
}

/** A pool without connections keeps no process, and is left all the same. */
function followDatabase(): void {
  const { Pool, Client }: typeof pg = createRequire(import.meta.url)('pg');
  const { connect, end } = Pool.prototype;
  Pool.prototype.connect = function (this: pg.Pool, ...args: Parameters<typeof connect>) {
    if (!this.ending && !open.has(this)) {
      const made = here();
      open.set(this, { what: () => `a pool${made()}`, isLeft: () => true, end: () => endQuietly(this) });
    }
    return connect.apply(this, args);
  } as typeof connect;
  Pool.prototype.end = function (this: pg.Pool, ...args: Parameters<typeof end>) {
    open.delete(this);
    return end.apply(this, args);
  } as typeof end;
  const { connect: connectClient } = Client.prototype;
  Client.prototype.connect = function (this: pg.Client, ...args: Parameters<typeof connectClient>) {
    const made = here();
    open.set(this, {
      what: () => `a connection to PostgreSQL${made()}`,
      isLeft: () => true,
      end: () => endQuietly(this),
    });
    this.once('end', () => open.delete(this));
    return connectClient.apply(this, args);
  } as typeof connectClient;
}

function endQuietly(database: pg.Pool | pg.Client): void {
  (database as NodeJS.EventEmitter).on('error', () => {});
  void Promise.resolve(database.end()).catch(() => {});
}

/** @returns what says in which test something was made, and where in our own files. */
function here(): () => string {
  const test = runningTest;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_LIMIT;
  const made: { stack?: string } = {};
  Error.captureStackTrace(made, here);
  Error.stackTraceLimit = limit;
  return () => {
    const places = Array.from((made.stack ?? '').matchAll(/(file:\/\/\S+?)(:\d+):\d+/g), ([, url = '', line]) => [
      relative(ROOT, fileURLToPath(url)),
      line,
    ]);
    const place = places.find(([file = '']) => !/^\.\.|node_modules|leaks\/(leaks|track)\.ts/.test(file))?.join('');
    return [test && `, in "${test}"`, place && `, at ${place}`].filter(Boolean).join('');
  };
}
