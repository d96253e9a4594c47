import type { Logger } from 'pino';
import { type Clock, createQueue, createShared } from '../../kit/time.ts';
import type { State } from '../../rollout/state.ts';
import type { JournalContact } from './authority.ts';
import type { FiringAlerts } from './firing-alerts.ts';
import { type Held, loaded, saved } from './held.ts';
import type { Holder } from './holder.ts';
import type { FlagReading, Journal, Leadership, LegacyBaseline, SavedRollout, WrittenChange } from './ports.ts';
import type { Problems } from './problems.ts';

const SAVE_EVERY_MS = 2_000;
/** What is late is asked again: each exchange may be made twice. */
const EXCHANGE_WITHIN_MS = 3_000;

type KeeperParts = {
  readonly journal: Journal;
  readonly leadership: Pick<Leadership, 'leading'>;
  readonly holder: Holder;
  readonly alerts: FiringAlerts;
  readonly problems: Problems;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
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
  const { journal, leadership, holder, alerts, problems, clock } = parts;
  const inOrder = createQueue();
  // Until it was asked nobody knows that it does not answer.
  let contact: JournalContact = { answers: true, heardAtMs: Number.NEGATIVE_INFINITY };
  let ledLast = false;
  let savedAtMs = Number.NEGATIVE_INFINITY;

  /** Runs one exchange with the journal, and remembers whether it answered. */
  async function exchange<T>(ask: () => Promise<T>): Promise<T | undefined> {
    const begunAtMs = clock.monotonic();
    try {
      const answer = await clock.within(EXCHANGE_WITHIN_MS, ask);
      contact = { answers: true, heardAtMs: Math.max(begunAtMs, contact.heardAtMs) };
      ledLast = leadership.leading();
      problems.report('journal', undefined);
      return answer;
    } catch (error) {
      contact = { ...contact, answers: false };
      problems.report('journal', `The journal is away: ${(error as Error).message}`);
      return undefined;
    }
  }

  async function saveNow(): Promise<boolean> {
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
    const done = await exchange(() => journal.save(row));
    if (done === true) {
      savedAtMs = clock.monotonic();
      holder.set(saved(holder.get(), asked, row.revision + 1));
      return true;
    }
    if (done === false) {
      // Somebody else has written: what is there is read before anything more is said.
      await loadNow();
    }
    return false;
  }

  async function loadNow(): Promise<void> {
    const hasLed = ledLast;
    const answer = await exchange(async () => ({ row: await journal.load(), alerts: await journal.alerts() }));
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

  const save = (): Promise<boolean> => inOrder(saveNow);
  /** Whoever asks while one waits for its turn or its answer shares it. */
  const load = createShared(() => inOrder(loadNow));
  /** What another controller was sent; and whether the journal answers still is asked each time, also where nothing is due. */
  const readAlerts = (): Promise<void> =>
    inOrder(async () => {
      const stored = await exchange(journal.alerts);
      if (stored !== undefined) {
        alerts.join(stored);
      }
    });

  return {
    contact: () => contact,
    ledLast: () => ledLast,
    save,
    load,
    /** What is due: to be called again and again. */
    keep: async (): Promise<void> => {
      const held = holder.get();
      // An exchange without a question would say that a journal which is away answers.
      if (alerts.isWaiting()) {
        await inOrder(() => exchange(() => alerts.persist(journal)));
      }
      if (held.kind !== 'known' || held.revision === undefined || !contact.answers || !leadership.leading()) {
        await load();
      } else {
        await readAlerts();
      }
      const isDue = clock.monotonic() - savedAtMs >= SAVE_EVERY_MS;
      const now = holder.get();
      if (now.kind === 'known' && (now.ahead || (leadership.leading() && isDue))) {
        await save();
      }
    },
  };
}
