import type { Logger } from 'pino';
import { counted } from '../../contract/wording/format.ts';
import { type Clock, createShared } from '../../kit/time.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import { withRoom } from '../../rollout/event-room.ts';
import { note } from './event-text.ts';
import { createListeners } from './listeners.ts';
import type { Journal } from './ports.ts';

const MOST_BUFFERED = 10_000;
const MOST_REMEMBERED = 1_000;
const MOST_AT_ONCE = 500;
/** Each event is written once, however often it is given: one that is late does no harm. */
const APPEND_WITHIN_MS = 5_000;

type RecorderLog = Pick<Logger, 'info' | 'warn' | 'debug'>;
const itself = (event: JournalEvent) => event;

/**
 * Keeps events until the journal has them. Recording never waits and never fails: rolling back needs no journal. Beyond its
 * bound the oldest notes are given up, and how many is recorded once the journal is back; decisions are all kept.
 */
export function createRecorder(
  journal: Pick<Journal, 'append'>,
  clock: Pick<Clock, 'now' | 'within'>,
  log: RecorderLog,
) {
  let waiting: readonly JournalEvent[] = [];
  let remembered: readonly JournalEvent[] = [];
  let dropped = 0;
  let revision = 0;
  let away = false;
  const listeners = createListeners<JournalEvent>();

  function record(event: JournalEvent): void {
    log.info({ event: event.kind, from: event.from, to: event.to, actor: event.actor }, event.text);
    remembered = withRoom([...remembered, event], MOST_REMEMBERED, itself).slice(-MOST_REMEMBERED);
    const kept = withRoom([...waiting, event], MOST_BUFFERED, itself);
    dropped += waiting.length + 1 - kept.length;
    waiting = kept;
    revision += 1;
    listeners.hear(event);
    void flush();
  }

  /** @returns once what waited is written, or could not be. */
  const flush = createShared(async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_AT_ONCE);
      try {
        await clock.within(APPEND_WITHIN_MS, () => journal.append(batch));
      } catch (error) {
        log[away ? 'debug' : 'warn'](
          { error: (error as Error).message },
          'the journal is unreachable; events wait for it',
        );
        away = true;
        return;
      }
      const written = new Set(batch);
      waiting = waiting.filter((event) => !written.has(event));
      revision += 1;
      if (away) {
        log.info({ events: batch.length, dropped }, 'the journal is back');
      }
      away = false;
      if (dropped > 0) {
        const gaveWay = gaveWayEvent(dropped, clock.now());
        dropped = 0;
        record(gaveWay);
      }
    }
  });

  return {
    record,
    flush,
    /** Called with each event as it is recorded; must neither throw nor wait. @returns what ends the listening. */
    listen: listeners.listen,
    buffered: () => waiting.length,
    revision: () => revision,
    /** The newest first, as far as this process remembers. */
    remembered: (limit: number): readonly JournalEvent[] => remembered.toReversed().slice(0, limit),
  };
}

export type Recorder = ReturnType<typeof createRecorder>;

function gaveWayEvent(dropped: number, atMs: number): JournalEvent {
  const text = `${counted(dropped, 'event')} gave way to others while the journal was away; none was a decision.`;
  return note({ kind: 'trouble', text, details: { problem: 'journal' } }, atMs);
}
