import type { Clock } from '../../kit/time.ts';
import type { JournalContact } from './authority.ts';
import type { Leadership } from './ports.ts';
import type { Problems } from './problems.ts';

/** What is late is asked again: each exchange may be made twice. */
const EXCHANGE_WITHIN_MS = 3_000;

type ContactParts = {
  readonly leadership: Pick<Leadership, 'leading'>;
  readonly problems: Pick<Problems, 'report'>;
  readonly clock: Pick<Clock, 'monotonic' | 'within'>;
};

export type Contact = ReturnType<typeof createJournalContact>;

/** Asks the journal, waits for no answer longer than it may take, and remembers whether there was one. */
export function createJournalContact({ leadership, problems, clock }: ContactParts) {
  // Until it was asked nobody knows that it does not answer.
  let contact: JournalContact = { answers: true, heardAtMs: Number.NEGATIVE_INFINITY };
  let ledLast = false;
  return {
    now: (): JournalContact => contact,
    /** Whether this controller led when the journal answered last. */
    ledLast: (): boolean => ledLast,
    /** @returns undefined where it does not answer. */
    ask: async <T>(exchange: () => Promise<T>): Promise<T | undefined> => {
      const begunAtMs = clock.monotonic();
      try {
        const answer = await clock.within(EXCHANGE_WITHIN_MS, exchange);
        contact = { answers: true, heardAtMs: Math.max(begunAtMs, contact.heardAtMs) };
        ledLast = leadership.leading();
        problems.report('journal', undefined);
        return answer;
      } catch (error) {
        contact = { ...contact, answers: false };
        problems.report('journal', `The journal is unreachable: ${(error as Error).message}`);
        return undefined;
      }
    },
  };
}
