import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, test } from 'node:test';
import Koa from 'koa';
import { createFakeClock, type FakeClock } from '../../../test/support/fake-clock.ts';
import { until } from '../../dev/until.ts';
import { createHttpServer, type HttpServer } from '../../kit/http/server.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import { stream } from './stream.ts';

let clock: FakeClock;
let server: HttpServer;
let port: number;
let statuses: number;
let listeners: Set<(event: JournalEvent) => void>;
let open: Reader[];
beforeEach(async () => {
  [clock, statuses, listeners, open] = [createFakeClock(), 0, new Set(), []];
  const app = new Koa();
  const { answer } = stream({
    statusJson: () => {
      statuses += 1;
      return `{"status":${statuses}}`;
    },
    measuring: { listen: () => () => {} },
    loop: {
      listen: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    clock,
  });
  app.use(answer);
  const created = createHttpServer();
  created.handle(app.callback());
  server = created;
  port = await created.listen(0, '127.0.0.1');
});
afterEach(async () => {
  open.forEach(({ leave }) => void leave());
  await until('nobody listens any more', () => listeners.size === 0);
  assert.equal(clock.waiting(), 0);
  await server.close();
});

type Reader = {
  readonly response: IncomingMessage;
  readonly text: () => string;
  readonly isCut: () => boolean;
  readonly leave: () => void;
};

const read = (): Promise<Reader> =>
  new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', agent: false }, (response) => {
      let text = '';
      let isCut = false;
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', () => {
        isCut = true;
      });
      const reader = { response, text: () => text, isCut: () => isCut, leave: () => request.destroy() };
      open.push(reader);
      resolve(reader);
    });
    request.on('error', () => {});
  });

const record = (text: string) => {
  const details = {};
  const event = {
    eventId: 'e',
    atMs: 0,
    kind: 'leading',
    from: null,
    to: null,
    actor: 'sluice',
    text,
    details,
  } as const;
  listeners.forEach((listener) => void listener(event));
};
const all = (readers: readonly Reader[], has: string) => () => readers.every(({ text }) => text().includes(has));

test('a hundred readers have one status a second, which is put into words once', async () => {
  const readers = await Promise.all(Array.from({ length: 100 }, read));
  await until('each has a status', all(readers, 'event: status'));
  const before = statuses;
  await clock.advance(1_000);
  await until('each has the next', all(readers, `event: status\ndata: {"status":${before + 1}}\n\n`));
  assert.equal(statuses, before + 1);
});

test('one more is refused, with when to ask again, until one of them leaves', async () => {
  const [first] = await Promise.all(Array.from({ length: 100 }, read));
  const refused = await read();
  assert.deepEqual([refused.response.statusCode, refused.response.headers['retry-after']], [503, '1']);
  first?.leave();
  await until('there is room', async () => {
    const reader = await read();
    reader.leave();
    return reader.response.statusCode === 200;
  });
});

test('what is recorded is written later, and together: whoever records waits for no reader', async () => {
  const reader = await read();
  record('first');
  record('second');
  await clock.advance(19);
  const later = await read();
  await until('who came later has begun', all([later], 'event: status'));
  assert.doesNotMatch(reader.text(), /event: event/);
  await clock.advance(1);
  await until('both are there', () => /first.*\n\nevent: event\n.*second/.test(reader.text()));
});

test('a reader that does not read is cut, and the others are not', async () => {
  const [slow, quick] = [await read(), await read()];
  await until('both have begun', all([slow, quick], 'event: status'));
  slow.response.pause();
  const large = 'x'.repeat(100_000);
  await until('the slow one is cut', async () => {
    record(large);
    await clock.advance(20);
    return listeners.size > 0 && (await connections()) === 1;
  });
  record('the last');
  await clock.advance(20);
  await until('the quick one has it', all([quick], 'the last'));
});

const connections = () =>
  new Promise<number>((resolve, reject) => {
    server.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
