import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createNotifier } from '../../src/controller/notifications/notifier.ts';
import { until } from '../../src/dev/until.ts';
import { type Clock, systemClock } from '../../src/kit/time.ts';
import type { EventKind, ReadEvent } from '../../src/rollout/event.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { type Receiver, startReceiver } from '../support/notification-receiver.ts';

const SECRET = 'T0KEN-in-the-path';
const LONGEST_RETRY_MS = 60_000;
const KINDS = ['started', 'approval-needed', 'promoted', 'rolled-back', 'completed'] as const;

let receiver: Receiver;
let lines: string;
let registry: Registry;
let notifier: ReturnType<typeof createNotifier>;

beforeEach(async () => {
  receiver = await startReceiver();
  lines = '';
  notifier = start(systemClock);
});
afterEach(async () => {
  await notifier.close();
  await receiver[Symbol.asyncDispose]();
});

function start(clock: Clock) {
  registry = new Registry();
  return createNotifier({
    rollout: 'violation-status',
    flag: 'a-flag',
    webhookUrl: `${receiver.url}/hook/${SECRET}`,
    slackUrl: `${receiver.url}/slack/${SECRET}`,
    consoleUrl: undefined,
    registry,
    clock,
    log: pino(
      { level: 'debug' },
      {
        write: (line) => {
          lines += line;
        },
      },
    ),
  });
}

let ids = 0;
const event = (kind: EventKind): ReadEvent => {
  ids += 1;
  const eventId = `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`;
  return {
    eventId,
    atMs: 0,
    kind,
    from: 5,
    to: 0,
    actor: 'sluice',
    text: `${kind} it is.`,
    details: {},
  };
};
const to = (path: string) => receiver.received.filter((each) => each.path.startsWith(path));
const counted = async (target: string, result: string) => {
  const text = await registry.metrics();
  const line = text
    .split('\n')
    .find((each) => each.includes(`target="${target}"`) && each.includes(`result="${result}"`));
  return Number(line?.split(' ').at(-1));
};

describe('notifications', () => {
  test('reach both targets of each decision, in order, once', async () => {
    for (const kind of KINDS) {
      notifier.take(event(kind));
    }
    await until('all are reported', () => receiver.received.length === 2 * KINDS.length);
    assert.deepEqual(
      to('/hook').map(({ body }) => JSON.parse(body).event.kind),
      KINDS,
    );
    assert.match(
      JSON.parse(to('/slack')[3]?.body ?? '').text,
      /^\*Sluice, violation-status: rolled back \(critical\)\*/,
    );
    assert.equal(new Set(to('/hook').map(({ key }) => key)).size, KINDS.length);
    await until('all are counted', async () => (await counted('webhook', 'delivered')) === KINDS.length);
  });

  test('are reported again after no answer and after a 500, in the order they were made', async () => {
    const clock = createFakeClock();
    notifier = start(clock);
    receiver.instead = (response) => (receiver.asked() % 2 === 0 ? response.destroy() : response.writeHead(500).end());
    for (const kind of KINDS) {
      notifier.take(event(kind));
    }
    await until('both wait to try again', () => clock.waiting() === 2);
    assert.deepEqual([receiver.received.length, receiver.asked()], [0, 2]);
    receiver.instead = undefined;
    await clock.advance(LONGEST_RETRY_MS);
    await until('all are reported', () => receiver.received.length === 2 * KINDS.length);
    assert.deepEqual(
      to('/hook').map(({ body }) => JSON.parse(body).event.kind),
      KINDS,
    );
  });

  test('that are refused are given up and counted, and hold up nothing behind them', async () => {
    for (const [at, status] of [400, 302].entries()) {
      receiver.instead = (response) => response.writeHead(status, { location: '/elsewhere' }).end();
      notifier.take(event('started'));
      await until('it is given up', async () => (await counted('webhook', 'failed')) === at + 1);
      await until('the other one too', async () => (await counted('slack', 'failed')) === at + 1);
    }
    assert.equal(receiver.asked(), 4);
    receiver.instead = undefined;
    notifier.take(event('rolled-back'));
    await until('the next is reported', () => to('/hook').length === 1);
  });

  test('keep nobody waiting, however long the receiver is silent, and not the end either', async () => {
    receiver.instead = () => {};
    notifier.take(event('rolled-back'));
    await until('it was asked', () => receiver.asked() === 2);
    await notifier.close();
    assert.equal(receiver.received.length, 0);
    assert.equal(await counted('webhook', 'dropped'), 1);
  });

  test('that wait to be tried again are reported with the last words, and the end does not wait for their turn', async () => {
    const clock = createFakeClock();
    notifier = start(clock);
    receiver.instead = (response) => response.writeHead(503).end();
    notifier.take(event('rolled-back'));
    await until('a retry is waited for', () => clock.waiting() === 2);
    receiver.instead = undefined;
    await notifier.close();
    assert.deepEqual([receiver.received.length, await counted('webhook', 'delivered')], [2, 1]);
  });

  test('beyond their bound give up the oldest that is no decision, and count it', async () => {
    receiver.instead = () => {};
    for (let count = 0; count < 509; count += 1) {
      notifier.take(event('lever-failed'));
    }
    notifier.take(event('rolled-back'));
    assert.equal(await counted('webhook', 'dropped'), 10);
  });

  test('of decisions are all kept, however many there are', async () => {
    receiver.instead = () => {};
    for (let count = 0; count < 510; count += 1) {
      notifier.take(event('promoted'));
    }
    assert.equal(await counted('webhook', 'dropped'), 0);
  });

  test('of decisions wait for no other that the receiver does not take', async () => {
    receiver.instead = (response) => response.writeHead(503).end();
    notifier.take(event('holding'));
    await until('it was refused by both', () => receiver.asked() === 2);
    receiver.instead = undefined;
    notifier.take(event('rolled-back'));
    await until('the decision is there', () => to('/hook').length >= 1);
    assert.equal(JSON.parse(to('/hook')[0]?.body ?? '').event.kind, 'rolled-back');
  });

  test('never write the address, which is a secret, into a log or a metric', async () => {
    receiver.instead = (response) => response.writeHead(403).end();
    notifier.take(event('started'));
    await until('it is given up', async () => (await counted('slack', 'failed')) === 1);
    assert.match(lines, /a notification was given up/);
    assert.ok(!lines.includes(SECRET) && !(await registry.metrics()).includes(SECRET));
  });
});
