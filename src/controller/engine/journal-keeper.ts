import { type Clock, createQueue, createShared } from '../../kit/time.ts';
import type { State } from '../../rollout/state.ts';
import type { FiringAlerts } from './firing-alerts.ts';
import { type Held, loaded, saved } from './held.ts';
import type { Holder } from './holder.ts';
import { type Contact, createJournalContact } from './journal-contact.ts';
import type { FlagReading, Journal, Leadership, LegacyBaseline, SavedRollout, WrittenChange } from './ports.ts';
import type { Problems } from './problems.ts';

const SAVE_EVERY_MS = 2_000;

type Queue = ReturnType<typeof createQueue>;

type KeeperParts = {
  readonly journal: Journal;
  readonly leadership: Pick<Leadership, 'leading'>;
  readonly holder: Holder;
  readonly alerts: FiringAlerts;
  readonly problems: Problems;
  readonly clock: Clock;
  readonly flag: () => FlagReading | undefined;
  readonly unconfirmed: () => WrittenChange | undefined;
  readonly legacyBaseline: () => LegacyBaseline | undefined;
  /** Where a raise that is under way leads to. */
  readonly intent: () => State | undefined;
  /** What the journal has, each time that it is read. */
  readonly onRead: (row: SavedRollout) => void;
  /** What is held is now what the journal said. */
  readonly onLoaded: (before: Held, row: SavedRollout | undefined) => void;
};

export type JournalKeeper = ReturnType<typeof createJournalKeeper>;

/**
 * Keeps what is held and the journal the same. It runs beside the decisions and never holds one up: a decision is made at once,
 * and is `ahead` until the journal has it.
 */
export function createJournalKeeper(parts: KeeperParts) {
  const { leadership, holder, clock } = parts;
  const inOrder = createQueue();
  const contact = createJournalContact(parts);
  let savedAtMs = Number.NEGATIVE_INFINITY;

  const save = (): Promise<boolean> =>
    inOrder(async () => {
      const isSaved = await saveNow(parts, contact);
      savedAtMs = isSaved ? clock.monotonic() : savedAtMs;
      return isSaved;
    });
  /** Whoever asks while one waits for its turn or its answer shares it. */
  const load = createShared(() => inOrder(() => loadNow(parts, contact)));

  return {
    contact: contact.now,
    ledLast: contact.ledLast,
    save,
    load,
    /** What is due: to be called again and again. */
    keep: async (): Promise<void> => {
      await persistAlerts(parts, contact, inOrder);
      const held = holder.get();
      const isRead = held.kind === 'known' && held.revision !== undefined;
      if (!isRead || !contact.now().answers || !leadership.leading()) {
        await load();
      } else {
        await inOrder(() => readAlerts(parts, contact));
      }
      const isDue = clock.monotonic() - savedAtMs >= SAVE_EVERY_MS;
      const now = holder.get();
      if (now.kind === 'known' && (now.ahead || (leadership.leading() && isDue))) {
        await save();
      }
    },
  };
}

/** Two controllers that write at once are done by then, and only a short while goes by. */
const MOST_TRIES = 3;

/** @returns whether the journal has what was held. */
async function saveNow(parts: KeeperParts, contact: Contact, tries = 1): Promise<boolean> {
  const { journal, leadership, holder } = parts;
  const asked = holder.get();
  if (asked.kind !== 'known' || !(leadership.leading() || asked.ahead) || asked.revision === undefined) {
    return false;
  }
  const row = {
    revision: asked.revision,
    state: asked.state,
    intent: parts.intent(),
    settled: asked.debt === undefined,
    unconfirmed: parts.unconfirmed(),
    legacyBaseline: parts.legacyBaseline(),
  };
  const done = await contact.ask(() => journal.save(row));
  if (done === true) {
    holder.set(saved(holder.get(), asked, row.revision + 1));
    return true;
  }
  if (done === false) {
    // Somebody else has written: what is there is read before anything more is said. What is ahead of it even so cannot wait for
    // its next turn, for the other one takes the change of the flag for an edit by hand meanwhile. A raise is given up instead.
    await loadNow(parts, contact);
    const now = holder.get();
    const isUrgent = now.kind === 'known' && now.ahead && row.intent === undefined;
    return isUrgent && tries < MOST_TRIES ? saveNow(parts, contact, tries + 1) : false;
  }
  return false;
}

async function loadNow(parts: KeeperParts, contact: Contact): Promise<void> {
  const { journal, leadership, holder, alerts } = parts;
  const hasLed = contact.ledLast();
  const answer = await contact.ask(async () => ({ row: await journal.load(), alerts: await journal.alerts() }));
  if (answer === undefined) {
    return;
  }
  const before = holder.get();
  alerts.join(answer.alerts);
  if (answer.row !== undefined) {
    parts.onRead(answer.row);
  }
  const next = loaded(before, answer.row, parts.flag(), leadership.leading(), hasLed);
  if (next !== before) {
    holder.set(next);
    parts.onLoaded(before, answer.row);
  }
}

/** What another controller was sent; and whether the journal answers still is asked each time, also where nothing is due. */
async function readAlerts({ journal, alerts }: KeeperParts, contact: Contact): Promise<void> {
  const stored = await contact.ask(journal.alerts);
  if (stored !== undefined) {
    alerts.join(stored);
  }
}

/** One after the other, however many wait. Without a question it would be said that a journal which is away answers. */
async function persistAlerts({ journal, alerts }: KeeperParts, contact: Contact, inOrder: Queue): Promise<void> {
  let isKept = true;
  while (isKept && alerts.isWaiting()) {
    isKept = await inOrder(async () => {
      const isDone = !alerts.isWaiting() || (await contact.ask(() => alerts.persist(journal)));
      return isDone === true;
    });
  }
}
