import { once } from 'node:events';
import type { Middleware } from 'koa';
import type { Clock } from '../time.ts';
import { answerUnavailable } from './middleware.ts';

type Limits = {
  /** Reads under way, those included that wait for their turn or for their client. Beyond it they are refused. */
  readonly atOnce: number;
  /** One read begins after the other, so long apart. */
  readonly everyMs: number;
  /** So many may begin together after a quiet time. */
  readonly burst: number;
  /** A client that has not taken its answer by then is cut off. */
  readonly withinMs: number;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
};

/** For a process with something more important to do than to answer: however many read, they take a small share of its time. */
export function limitReads({ atOnce, everyMs, burst, withinMs, clock }: Limits): Middleware {
  let underWay = 0;
  let lastAtMs = Number.NEGATIVE_INFINITY;

  /** @returns how long the next read has to wait (the generic cell rate algorithm of ITU-T I.371). */
  function takeTurn(): number {
    const nowMs = clock.monotonic();
    lastAtMs = Math.max(lastAtMs, nowMs - burst * everyMs) + everyMs;
    return lastAtMs - nowMs;
  }

  return async (ctx, next) => {
    if (underWay >= atOnce) {
      return answerUnavailable(ctx, `This process has ${atOnce} reads under way, its limit.`);
    }
    underWay += 1;
    const { res } = ctx;
    const closed = new AbortController();
    void once(res, 'close').then(() => {
      underWay -= 1;
      closed.abort();
    });
    const waitMs = takeTurn();
    if (waitMs > 0) {
      await clock.sleep(waitMs, closed.signal);
    }
    if (!closed.signal.aborted) {
      void clock.sleep(withinMs, closed.signal).then(() => res.destroy());
      await next();
    }
  };
}
