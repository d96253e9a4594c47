import type { JournalEvent, ReadEvent } from '../../rollout/event.ts';

/** More than the controller keeps for a journal that is away. */
const MOST_REMEMBERED = 1_000;

/** History reads what the journal has, the newest first. It throws while the journal is away. */
export type History = (limit: number) => Promise<readonly (ReadEvent & { readonly id: string })[]>;

type KnownEventsParts = {
  readonly history: History;
  /** The newest first. */
  readonly remembered: readonly JournalEvent[];
};

export type KnownEvents = ReturnType<typeof createKnownEvents>;

/** What was recorded: by the journal, and by this process, whose latest events the journal may not have yet. */
export function createKnownEvents({ history, remembered: seed }: KnownEventsParts) {
  let remembered = seed.slice(0, MOST_REMEMBERED);
  return {
    add: (event: JournalEvent): void => {
      remembered = [event, ...remembered.slice(0, MOST_REMEMBERED - 1)];
    },
    /** The newest first; without the journal, what this process remembers. */
    newest: async (limit: number) => {
      let written: Awaited<ReturnType<History>>;
      try {
        written = await history(limit);
      } catch {
        return { events: remembered.slice(0, limit), journal: 'away' as const };
      }
      const ids = new Set(written.map(({ eventId }) => eventId));
      const unwritten = remembered.filter(({ eventId }) => !ids.has(eventId));
      const events: readonly ReadEvent[] =
        unwritten.length === 0 ? written : [...unwritten, ...written].sort((a, b) => b.atMs - a.atMs).slice(0, limit);
      return { events, journal: 'written' as const };
    },
  };
}
