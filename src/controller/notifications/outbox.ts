import { ExponentialBackoff } from 'cockatiel';
import type { Logger } from 'pino';
import { openHttp } from '../../kit/http/client.ts';
import { type Clock, createQueue } from '../../kit/time.ts';
import { rankOf, withRoom } from '../../rollout/event-room.ts';
import type { Message } from './message.ts';

export type Target = {
  readonly name: 'webhook' | 'slack';
  readonly url: string;
  readonly body: (message: Message) => string;
};

type OutboxParts = {
  readonly target: Target;
  readonly log: Logger;
  readonly clock: Clock;
  readonly count: (result: Result) => void;
};

export const RESULTS = ['delivered', 'failed', 'dropped'] as const;
type Result = (typeof RESULTS)[number];

const MOST_WAITING = 500;
const ANSWER_WITHIN_MS = 5_000;
/** Its status is what counts. */
const MOST_ANSWER_BYTES = 1024 * 1024;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** About an hour. */
const MOST_RETRIES = 65;
const LAST_WORDS_MS = 1_000;

/** Worth another attempt: nobody answered, or whoever did was busy. */
class TryAgain extends Error {}

/**
 * Sends one target what it is given. Whoever gives it a message neither waits nor hears of a failure. Decisions, and what is
 * critical, have a lane of their own: no other message holds them up or takes their place.
 */
export function createOutbox({ target, log, clock, count }: OutboxParts) {
  const stop = new AbortController();
  const http = openHttp({ timeoutMs: ANSWER_WITHIN_MS, mostBytes: MOST_ANSWER_BYTES });
  const backoff = new ExponentialBackoff({ initialDelay: FIRST_RETRY_MS, maxDelay: LONGEST_RETRY_MS });
  const lanes = {
    first: createLane(deliver, () => count('dropped')),
    second: createLane(deliver, () => count('dropped')),
  };

  /** @returns whether it is done with: sent, or given up. */
  async function deliver(message: Message): Promise<boolean> {
    if (stop.signal.aborted) {
      return false;
    }
    try {
      await postUntilTaken(message);
      count('delivered');
    } catch (error) {
      if (stop.signal.aborted) {
        return false;
      }
      count('failed');
      log.warn(
        { target: target.name, event: message.event.kind, error: (error as Error).message },
        'a notification was given up',
      );
    }
    return true;
  }

  async function postUntilTaken(message: Message): Promise<void> {
    let pause = backoff.next();
    for (let retries = 0; ; retries += 1) {
      try {
        return await post(message, stop.signal);
      } catch (error) {
        if (!(error instanceof TryAgain) || retries === MOST_RETRIES || stop.signal.aborted) {
          throw error;
        }
      }
      await clock.sleep(pause.duration, stop.signal);
      pause = pause.next(undefined);
    }
  }

  /** No error names the address: it is a secret. */
  async function post(message: Message, signal: AbortSignal): Promise<void> {
    const url = URL.parse(target.url);
    if (url === null) {
      throw new Error('its address is no URL');
    }
    const headers = { 'idempotency-key': message.eventId };
    const got = await http.request(url, { method: 'POST', headers, json: target.body(message), signal });
    if (got.kind === 'failed') {
      throw new TryAgain(got.detail);
    }
    const { status } = got;
    if (status >= 500 || status === 408 || status === 429) {
      throw new TryAgain(`answered ${status}`);
    }
    if (status >= 300) {
      throw new Error(`answered ${status}`);
    }
  }

  return {
    take: (message: Message): void => lanes[rankOf(message.event) === 'noise' ? 'second' : 'first'].take(message),
    /** One last attempt each, decisions first, within a second in all; the journal has what is given up. */
    close: async (): Promise<void> => {
      stop.abort();
      const left = [...(await lanes.first.end()), ...(await lanes.second.end())];
      const signal = clock.timeout(LAST_WORDS_MS);
      for (const message of left) {
        await post(message, signal).then(
          () => count('delivered'),
          () => count('dropped'),
        );
      }
      await http.close();
    },
  };
}

/** One message after the other. Beyond its bound the oldest of what matters least is dropped, and never one that is under way. */
function createLane(deliver: (message: Message) => Promise<boolean>, onDrop: () => void) {
  const inOrder = createQueue();
  let underWay: Message | undefined;
  let waiting: readonly Message[] = [];

  async function next(): Promise<void> {
    [underWay, ...waiting] = waiting;
    if (underWay !== undefined && !(await deliver(underWay))) {
      waiting = [underWay, ...waiting];
    }
    underWay = undefined;
  }

  return {
    take: (message: Message): void => {
      const kept = withRoom([...waiting, message], MOST_WAITING, ({ event }) => event);
      if (kept.length === waiting.length) {
        onDrop();
      }
      waiting = kept;
      void inOrder(next);
    },
    /** @returns what was not sent. */
    end: (): Promise<readonly Message[]> => inOrder(async () => waiting),
  };
}
