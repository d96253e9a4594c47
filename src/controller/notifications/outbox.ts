import { ExponentialBackoff, handleType, retry } from 'cockatiel';
import type { Logger } from 'pino';
import type { Message } from './message.ts';

export type Target = {
  readonly name: 'webhook' | 'slack';
  readonly url: string;
  readonly body: (message: Message) => string;
};

type Parts = {
  readonly target: Target;
  readonly log: Logger;
  readonly count: (result: Result) => void;
  readonly firstRetryMs?: number;
};

export const RESULTS = ['delivered', 'failed', 'dropped'] as const;
type Result = (typeof RESULTS)[number];

const MOST_WAITING = 500;
const ANSWER_WITHIN_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** About an hour. */
const MOST_RETRIES = 65;
const LAST_WORDS_MS = 1_000;

/** Worth another attempt: nobody answered, or whoever did was busy. */
class TryAgain extends Error {}

/** Tells one target of one message after the other. Whoever gives it a message neither waits nor hears of a failure. */
export function createOutbox({ target, log, count, firstRetryMs = FIRST_RETRY_MS }: Parts) {
  const stop = new AbortController();
  const again = retry(handleType(TryAgain), {
    maxAttempts: MOST_RETRIES,
    backoff: new ExponentialBackoff({ initialDelay: firstRetryMs, maxDelay: LONGEST_RETRY_MS }),
  });
  let waiting: Message[] = [];
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    for (let message = waiting[0]; message !== undefined && !stop.signal.aborted; message = waiting[0]) {
      const told = message;
      try {
        await again.execute(
          () => post(told, AbortSignal.any([stop.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])),
          stop.signal,
        );
        count('delivered');
      } catch (error) {
        if (stop.signal.aborted) {
          return;
        }
        count('failed');
        log.warn(
          { target: target.name, event: told.event.kind, error: (error as Error).message },
          'a notification was given up',
        );
      }
      waiting = waiting.filter((each) => each !== told);
    }
  }

  /** No message names the address: it is a secret. */
  async function post(message: Message, signal: AbortSignal): Promise<void> {
    let response: Response;
    try {
      response = await fetch(target.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': message.eventId },
        body: target.body(message),
        redirect: 'error',
        signal,
      });
      await response.body?.cancel();
    } catch {
      throw new TryAgain('no answer');
    }
    if (response.status >= 500 || response.status === 408 || response.status === 429) {
      throw new TryAgain(`answered ${response.status}`);
    }
    if (!response.ok) {
      throw new Error(`answered ${response.status}`);
    }
  }

  return {
    take: (message: Message): void => {
      waiting.push(message);
      if (waiting.length > MOST_WAITING) {
        waiting = waiting.slice(-MOST_WAITING);
        count('dropped');
      }
      working ??= work().finally(() => {
        working = undefined;
      });
    },
    /** One last attempt each, within a second in all; the journal has what is given up. */
    close: async (): Promise<void> => {
      stop.abort();
      await working;
      const signal = AbortSignal.timeout(LAST_WORDS_MS);
      for (const message of waiting) {
        await post(message, signal).then(
          () => count('delivered'),
          () => count('dropped'),
        );
      }
      waiting = [];
    },
  };
}
