import type { Context } from 'koa';
import { describeMeasurement } from '../../contract/measurements.ts';
import { describeEvent } from '../../contract/schemas.ts';
import { answerUnavailable, RETRY_AFTER } from '../../kit/http/middleware.ts';
import { type Access, problemAnswer, type Route, route } from '../../kit/http/route.ts';
import type { Clock } from '../../kit/time.ts';
import type { ApiParts } from './parts.ts';

const STATUS_EVERY_MS = 1_000;
/** What happens is written so much later, all of it at once: never while it is being decided on. */
const GATHER_MS = 20;
const MOST_STREAMS = 100;
/** A reader that is this far behind reads no more: its connection is cut, and it comes again. */
const MOST_UNREAD_BYTES = 256 * 1024;

type StreamParts = Pick<ApiParts, 'statusJson' | 'measuring'> & {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly loop: Pick<ApiParts['loop'], 'listen'>;
};

/** Open to everybody: streams are limited by themselves, for each lasts. */
const access: Access = {
  through: [],
  answers: { 503: problemAnswer('Too many requests at once: try again.', RETRY_AFTER) },
};

/** GET /api/stream: what happens, as it happens. */
export const stream = (parts: StreamParts): Route =>
  route({
    method: 'get',
    path: '/api/stream',
    operationId: 'readStream',
    summary: 'Server-sent events: `status` every second, `measurement` and `event` when there is one',
    access,
    answers: { 200: { description: 'Never ends by itself.', content: { 'text/event-stream': {} } } },
    handle: streamer(parts),
  });

function streamer(parts: StreamParts): (ctx: Context) => void {
  const { readers, open } = createStreams(parts);
  return (ctx) => {
    if (readers.size >= MOST_STREAMS) {
      answerUnavailable(ctx, `This controller has ${MOST_STREAMS} streams open, its limit.`);
      return;
    }
    ctx.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    ctx.status = 200;
    if (ctx.method !== 'HEAD') {
      // Written by hand: a reader that leaves is no error of a stream that Koa would report.
      ctx.respond = false;
      open(ctx.res);
    }
  };
}

const textOf = (event: string, json: string): string => `event: ${event}\ndata: ${json}\n\n`;

/** What all readers are sent is put into words once. A reader takes a stream that is silent for some seconds for lost. */
function createStreams({ statusJson, measuring, loop, clock }: StreamParts) {
  const readers = new Set<Context['res']>();
  let gathered: string[] = [];
  let leave = () => {};

  function send(text: string): void {
    const bytes = Buffer.from(text);
    for (const reader of readers) {
      reader.write(bytes);
      if (reader.writableLength > MOST_UNREAD_BYTES) {
        reader.destroy();
      }
    }
  }

  async function runWhileRead(): Promise<void> {
    const nobody = new AbortController();
    const gather = async (event: string, data: unknown) => {
      gathered.push(textOf(event, JSON.stringify(data)));
      if (gathered.length === 1) {
        await clock.sleep(GATHER_MS, nobody.signal);
        send(gathered.join(''));
        gathered = [];
      }
    };
    const ends = [
      measuring.listen((point) => void gather('measurement', describeMeasurement(point))),
      loop.listen((event) => void gather('event', describeEvent(event))),
    ];
    leave = () => nobody.abort();
    while (!nobody.signal.aborted) {
      await clock.sleep(STATUS_EVERY_MS, nobody.signal);
      send(textOf('status', statusJson()));
    }
    ends.forEach((end) => void end());
  }

  return {
    readers,
    open: (reader: Context['res']): void => {
      readers.add(reader);
      reader.once('close', () => {
        readers.delete(reader);
        if (readers.size === 0) {
          leave();
        }
      });
      reader.flushHeaders();
      reader.write(textOf('status', statusJson()));
      if (readers.size === 1) {
        void runWhileRead();
      }
    },
  };
}
