import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Logger } from 'pino';
import { type FlagServer, startFlagServer } from '../../src/dev/embedded/flag-server.ts';
import { freePort, startFlagd } from '../../src/dev/embedded/flagd.ts';
import { systemClock } from '../../src/kit/time.ts';
import { createFlagdSource, type FlagSource } from '../../src/routing/flags/flag-source.ts';
import type { SyncTimes } from '../../src/routing/flags/flag-sync.ts';

const FLAG = 'rollout';
/** How soon a source has the flags of a flagd that is there again. */
const RECOVERY_MS = 1_000;

type FlagServerKind = {
  readonly name: string;
  readonly start: (file: string, port: number) => Promise<FlagServer>;
  /** From the write of the file to the reading, at most. */
  readonly changeMs: number;
};
const BUILT_IN: FlagServerKind = {
  name: 'the built-in flag server',
  start: (file, port) => startFlagServer(file, port, () => {}),
  changeMs: 200,
};

followsFlagsFrom(BUILT_IN);

const program = process.env.FLAGD_BIN;
if (program) {
  // As started here, flagd looks at its file once a second.
  followsFlagsFrom({ name: 'flagd', start: (file, port) => startFlagd(program, file, port), changeMs: 1_500 });
} else {
  test('the same with flagd itself', { skip: 'FLAGD_BIN names no flagd' }, () => {});
}

function followsFlagsFrom({ name, start, changeMs }: FlagServerKind): void {
  describe(`a flag source that follows ${name}`, () => {
    async function startFollowed(t: TestContext, definition: object | undefined) {
      const file = await flagsFile(t);
      await file.write(definition);
      const port = await freePort();
      let server = await start(file.path, port);
      t.after(() => server.stop());
      const source = createSource(t, port);
      await until('the source has its flags', () => source.receivedAt() !== undefined, RECOVERY_MS);
      return {
        ...source,
        file,
        kill: () => server.stop(),
        restart: async () => {
          server = await start(file.path, port);
        },
      };
    }

    test('says 0 % while flagd was never there, and its percent soon after it appears', async (t) => {
      const port = await freePort();
      const source = createSource(t, port);
      await until('it is reported as away', () => source.logged('flag source unreachable') === 1);
      assert.deepEqual(await source.readDefault(), { percent: 0, reason: 'ERROR', errorCode: 'PROVIDER_NOT_READY' });
      assert.equal(source.receivedAt(), undefined);
      const file = await flagsFile(t);
      await file.write(percent(25));
      const server = await start(file.path, port);
      t.after(() => server.stop());
      await until('the percent is there', async () => (await source.readDefault()).percent === 25, RECOVERY_MS);
    });

    test('keeps the last percent while flagd is away, and takes the new one soon after it is back', async (t) => {
      const source = await startFollowed(t, percent(50));
      await source.kill();
      await source.file.write(percent(0));
      await until('it is reported as away', () => source.logged('flag source unreachable') === 1);
      assert.equal((await source.readDefault()).percent, 50);
      await source.restart();
      await until('rolled back', async () => (await source.readDefault()).percent === 0, RECOVERY_MS);
      assert.deepEqual(
        source.lines.filter((line) => !line.startsWith('flag source unreachable')),
        ['flag source ready', 'flag source back', 'flags changed'],
      );
    });

    test(`sees a change of defaultVariant within ${changeMs} ms`, async (t) => {
      const variants = { off: 0, p50: 50 };
      const source = await startFollowed(t, { state: 'ENABLED', variants, defaultVariant: 'p50' });
      const took: number[] = [];
      for (let round = 0; round < 6; round++) {
        const expected = round % 2 === 0 ? 0 : 50;
        const began = performance.now();
        await source.file.write({ state: 'ENABLED', variants, defaultVariant: expected === 0 ? 'off' : 'p50' });
        await until('seen', async () => (await source.readDefault()).percent === expected, changeMs);
        took.push(Math.round(performance.now() - began));
      }
      t.diagnostic(`seen after ${took.join(', ')} ms`);
    });

    test('keeps the last percent while the file is no JSON', async (t) => {
      const source = await startFollowed(t, percent(50));
      await source.file.writeText('{ "flags": ');
      // No event says that nothing came.
      await sleep(changeMs);
      assert.equal((await source.readDefault()).percent, 50);
      await source.file.write(percent(10));
      await until('the next good one', async () => (await source.readDefault()).percent === 10, changeMs);
    });

    test('asks flagd for the record and for who handles it', async (t) => {
      const targeting = { if: [{ '==': [{ var: 'handled_by' }, 'team-a'] }, 'all', 'off'] };
      const source = await startFollowed(t, {
        state: 'ENABLED',
        variants: { off: 0, all: 100 },
        defaultVariant: 'off',
        targeting,
      });
      const read = async (handledBy: string) =>
        (await source.read({ targetingKey: '1', handled_by: handledBy })).percent;
      assert.equal(await read('team-a'), 100);
      assert.equal(await read('team-b'), 0);
    });

    const untrusted: [string, object | undefined, { reason: string; errorCode: string }][] = [
      ['-1', percent(-1), { reason: 'ERROR', errorCode: 'INVALID_PERCENT' }],
      ['101', percent(101), { reason: 'ERROR', errorCode: 'INVALID_PERCENT' }],
      ['7.5', percent(7.5), { reason: 'ERROR', errorCode: 'INVALID_PERCENT' }],
      ['"50"', percent('50'), { reason: 'ERROR', errorCode: 'TYPE_MISMATCH' }],
      ['true', percent(true), { reason: 'ERROR', errorCode: 'TYPE_MISMATCH' }],
      ['missing', undefined, { reason: 'ERROR', errorCode: 'FLAG_NOT_FOUND' }],
      ['disabled', { ...percent(50), state: 'DISABLED' }, { reason: 'DISABLED', errorCode: '' }],
    ];
    for (const [what, definition, why] of untrusted) {
      test(`reads a flag that is ${what} as 0 %, and says why`, async (t) => {
        const source = await startFollowed(t, definition);
        assert.deepEqual(await source.readDefault(), { percent: 0, ...why });
      });
    }
  });
}

describe('a flag source whose server behaves badly', () => {
  test('notices a stream that ended gracefully', async (t) => {
    const server = await startScriptedServer(t);
    const source = createSource(t, server.port);
    (await server.nextStream()).write(payload(percent(50)));
    await until('the first flags', async () => (await source.readDefault()).percent === 50);
    server.endAll();
    (await server.nextStream()).write(payload(percent(0)));
    await until('rolled back', async () => (await source.readDefault()).percent === 0, RECOVERY_MS);
    assert.equal(source.logged('flag source unreachable'), 0);
  });

  test('keeps the last good flags when unusable ones come, and says it once', async (t) => {
    const server = await startScriptedServer(t);
    const source = createSource(t, server.port);
    const unusable = payload({ ...percent(0), defaultVariant: 'no such variant' });
    const stream = await server.nextStream();
    stream.write(unusable);
    await until('refused', () => source.logged('flags refused') === 1);
    assert.equal((await source.readDefault()).errorCode, 'PROVIDER_NOT_READY');
    stream.write(payload(percent(50)));
    await until('good ones', async () => (await source.readDefault()).percent === 50);
    stream.write(unusable);
    await until('refused again', () => source.logged('flags refused') === 2);
    server.endAll();
    const next = await server.nextStream();
    next.write(unusable);
    next.write(unusable);
    server.endAll();
    await server.nextStream();
    assert.equal((await source.readDefault()).percent, 50);
    assert.equal(source.logged('flags refused'), 2);
  });

  test('opens its stream anew now and then, without a word', async (t) => {
    const server = await startScriptedServer(t);
    const source = createSource(t, server.port, { renewMs: 50, pauseMs: 10 });
    for (let streams = 0; streams < 4; streams++) {
      (await server.nextStream()).write(payload(percent(50)));
    }
    assert.equal((await source.readDefault()).percent, 50);
    assert.deepEqual(source.lines, ['flag source ready']);
  });

  test('hangs up on a server that takes connections and says nothing', async (t) => {
    const silent = createServer().listen(0, '127.0.0.1');
    const sockets = new Set<Socket>();
    let connections = 0;
    silent.on('connection', (socket) => {
      connections += 1;
      sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
      socket.resume();
    });
    t.after(() => {
      silent.close();
      sockets.forEach((socket) => {
        socket.destroy();
      });
    });
    await once(silent, 'listening');
    const source = createSource(t, (silent.address() as { port: number }).port, { firstFlagsMs: 50 });
    await until('more attempts', () => connections > 3);
    assert.ok(sockets.size <= 1, `${sockets.size} connections are open`);
    assert.equal(source.logged('flag source unreachable'), 1);
  });

  test('can be closed while flagd is away, and leaves nothing behind', async (t) => {
    const before = resources();
    const source = createSource(t, await freePort());
    await until('it is reported as away', () => source.logged('flag source unreachable') === 1);
    await source.close();
    await until('all is gone', () => resources() <= before);
  });
});

/** The timers and sockets that keep the process alive. */
const resources = () => process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocket/.test(name)).length;

function percent(value: unknown) {
  return { state: 'ENABLED', variants: { now: value }, defaultVariant: 'now' };
}

function document(definition: object | undefined): string {
  return JSON.stringify({ flags: { ...(definition && { [FLAG]: definition }) } });
}

const payload = (definition: object) => ({ flag_configuration: document(definition) });

function createSource(t: TestContext, port: number, times: Partial<SyncTimes> = {}) {
  const lines: string[] = [];
  const line = (_fields: unknown, message: string) => lines.push(message);
  const log = { info: line, warn: line, debug: () => {} } as unknown as Logger;
  const source: FlagSource = createFlagdSource({
    flag: FLAG,
    flagd: { host: '127.0.0.1', port },
    log,
    clock: systemClock,
    times,
  });
  t.after(() => source.close());
  return { ...source, lines, logged: (start: string) => lines.filter((each) => each.startsWith(start)).length };
}

async function flagsFile(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-flags-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'flags.json');
  const writeText = async (text: string) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  return { path, writeText, write: (definition: object | undefined) => writeText(document(definition)) };
}

/** A server of flagd's sync protocol that sends and ends only what the test wants. */
async function startScriptedServer(t: TestContext) {
  const proto = loadSync(join(import.meta.dirname, '../../src/routing/flags/flagd-sync.proto'), { keepCase: true });
  // biome-ignore lint/suspicious/noExplicitAny: the loader's type does not know what the file declares.
  const service: ServiceDefinition = (loadPackageDefinition(proto) as any).flagd.sync.v1.FlagSyncService.service;
  const opened: ServerWritableStream<unknown, object>[] = [];
  let taken = 0;
  const server = new Server();
  server.addService(service, { SyncFlags: (stream: ServerWritableStream<unknown, object>) => opened.push(stream) });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.after(() => server.forceShutdown());
  return {
    port,
    nextStream: async () => {
      await until('a stream is opened', () => opened.length > taken);
      return opened[taken++] as ServerWritableStream<unknown, object>;
    },
    /** With status OK. */
    endAll: () => {
      for (const stream of opened) {
        stream.end();
      }
    },
  };
}

async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `waited ${withinMs} ms in vain: ${what}`);
    await sleep(2);
  }
}
