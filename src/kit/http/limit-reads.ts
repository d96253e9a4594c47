import type { Middleware } from 'koa';
import { type Clock, createQueue } from '../time.ts';
import { answerUnavailable } from './middleware.ts';

type Limits = {
  /** Reads under way, those included whose answers wait for their turn or for their client. Beyond it they are refused. */
  readonly atOnce: number;
  /** One answer is sent after the other, so long apart, … */
  readonly everyMs: number;
  /** … and a large one longer. */
  readonly bytesPerMs: number;
  /** So much of that may be caught up on after a quiet time. */
  readonly burstMs: number;
  /** A client that has not taken its answer by then is cut off. */
  readonly withinMs: number;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
};

/** For a process with something more important to do than to answer: however many read, they take a small share of its time. */
export function limitReads({ atOnce, everyMs, bytesPerMs, burstMs, withinMs, clock }: Limits): Middleware {
  const inTurn = createQueue();
  let underWay = 0;
  let nextAtMs = Number.NEGATIVE_INFINITY;

  /** Whoever has left meanwhile takes no turn. */
  async function takeTurn(bytes: number, closed: AbortSignal): Promise<void> {
    const waitMs = nextAtMs - clock.monotonic();
    if (waitMs > 0 && !closed.aborted) {
      await clock.sleep(waitMs, closed);
    }
    if (!closed.aborted) {
      nextAtMs = Math.max(nextAtMs, clock.monotonic() - burstMs) + everyMs + bytes / bytesPerMs;
    }
  }

  return async (ctx, next) => {
    if (underWay >= atOnce) {
      return answerUnavailable(ctx, `This process has ${atOnce} reads under way, its limit.`);
    }
    underWay += 1;
    const closed = new AbortController();
    ctx.res.once('close', () => {
      underWay -= 1;
      closed.abort();
    });
    void clock.sleep(withinMs, closed.signal).then(() => ctx.res.destroy());
    await next();
    await inTurn(() => takeTurn(ctx.length ?? 0, closed.signal));
  };
}
