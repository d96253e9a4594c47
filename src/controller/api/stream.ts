import type { Context } from 'koa';
import { describeMeasurement } from '../../contract/measurements.ts';
import { describeEvent } from '../../contract/schemas.ts';
import { answerUnavailable, RETRY_AFTER } from '../../kit/http/middleware.ts';
import { type Access, problemAnswer, type Route, route } from '../../kit/http/route.ts';
import type { Clock } from '../../kit/time.ts';
import type { ApiParts } from './parts.ts';

const STATUS_EVERY_MS = 1_000;
const MOST_STREAMS = 100;
/** A reader that is this far behind reads no more: its connection is cut, and it comes again. */
const MOST_UNREAD_BYTES = 1024 * 1024;

type Parts = Pick<ApiParts, 'status' | 'measuring'> & {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly loop: Pick<ApiParts['loop'], 'listen'>;
};

/** Open to everybody: streams are limited by themselves, for each lasts. */
const access: Access = {
  through: [],
  answers: { 503: problemAnswer('Too many requests at once: ask again.', RETRY_AFTER) },
};

/** GET /api/stream: what happens, as it happens. */
export const stream = (parts: Parts): Route =>
  route({
    method: 'get',
    path: '/api/stream',
    operationId: 'readStream',
    summary: 'Server-sent events: `status` every second, `measurement` and `event` when there is one',
    access,
    answers: { 200: { description: 'Never ends by itself.', content: { 'text/event-stream': {} } } },
    handle: streamer(parts),
  });

/** A reader takes a stream that is silent for some seconds for lost. */
function streamer({ status, measuring, loop, clock }: Parts): (ctx: Context) => void {
  let open = 0;
  return (ctx) => {
    if (open >= MOST_STREAMS) {
      answerUnavailable(ctx, `This controller has ${MOST_STREAMS} streams open, its limit.`);
      return;
    }
    ctx.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    ctx.status = 200;
    if (ctx.method === 'HEAD') {
      return;
    }
    // Written by hand: a reader that leaves is no error of a stream that Koa would report.
    const { res } = ctx;
    ctx.respond = false;
    const send = (event: string, data: unknown) => {
      res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (res.writableLength > MOST_UNREAD_BYTES) {
        res.destroy();
      }
    };
    open += 1;
    const closed = new AbortController();
    const ends = [
      measuring.listen((point) => send('measurement', describeMeasurement(point))),
      loop.listen((event) => send('event', describeEvent(event))),
    ];
    res.once('close', () => {
      open -= 1;
      closed.abort();
      for (const end of ends) {
        end();
      }
    });
    res.flushHeaders();
    void (async () => {
      while (!closed.signal.aborted) {
        send('status', status());
        await clock.sleep(STATUS_EVERY_MS, closed.signal);
      }
    })();
  };
}
