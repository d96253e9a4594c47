import type { Logger } from 'pino';
import { createShared } from '../../kit/time.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import type { Journal } from './ports.ts';

const MOST_BUFFERED = 10_000;
const MOST_REMEMBERED = 1_000;
const MOST_AT_ONCE = 500;

/**
 * Keeps events until the journal has them. Recording never waits and never fails: rolling back needs no journal. Beyond its
 * bound the oldest are given up, and how many is logged.
 */
export function createRecorder(journal: Journal, log: Logger) {
  let waiting: JournalEvent[] = [];
  let remembered: JournalEvent[] = [];
  let dropped = 0;
  let revision = 0;
  let away = false;
  const listeners = new Set<(event: JournalEvent) => void>();

  function record(event: JournalEvent): void {
    log.info({ event: event.kind, from: event.from, to: event.to, actor: event.actor }, event.text);
    remembered = [...remembered.slice(1 - MOST_REMEMBERED), event];
    waiting.push(event);
    revision += 1;
    for (const listener of listeners) {
      listener(event);
    }
    if (waiting.length > MOST_BUFFERED) {
      waiting = waiting.slice(-MOST_BUFFERED);
      dropped += 1;
    }
    void flush();
  }

  /** @returns once what waited is written, or could not be. */
  const flush = createShared(async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_AT_ONCE);
      try {
        await journal.append(batch);
      } catch (error) {
        if (!away) {
          log.warn({ error: (error as Error).message }, 'the journal is away; events wait for it');
        }
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
      dropped = 0;
    }
  });

  return {
    record,
    flush,
    /** Called with each event as it is recorded; must neither throw nor wait. @returns what ends the listening. */
    listen: (listener: (event: JournalEvent) => void): (() => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    buffered: () => waiting.length,
    revision: () => revision,
    /** The newest first, as far as this process remembers. */
    remembered: (limit: number): readonly JournalEvent[] => remembered.toReversed().slice(0, limit),
  };
}

export type Recorder = ReturnType<typeof createRecorder>;
