import { type Clock, createQueue } from '../../kit/time.ts';
import type { Question } from './question.ts';

/** What was answered is the answer to the same question for so long, unless something was recorded meanwhile. */
const KEPT_MS = { history: 2_000, measurements: 2_000, report: 5_000 } as const;
const MOST_KEPT = 16;
const MOST_WAITING = 16;

export type ReadersAnswer =
  | { readonly kind: 'answered'; readonly body: Uint8Array }
  | { readonly kind: 'busy'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

type ReadersParts = {
  /** Works an answer out; is given one question at a time. */
  readonly work: (question: Question) => Promise<Uint8Array>;
  /** Another one whenever something was recorded or written to the journal. */
  readonly revision: () => number;
  readonly clock: Pick<Clock, 'monotonic'>;
};

type Kept = {
  readonly answer: Promise<ReadersAnswer>;
  /** As it was when the work began; undefined until then. */
  revision: number | undefined;
  /** When it was done, on the clock's monotonic time; undefined until then. */
  doneAtMs: number | undefined;
};

/** Answers one question at a time, the same one once for all who ask it, and no more than may wait. */
export function createReaders({ work, revision, clock }: ReadersParts) {
  const kept = new Map<string, Kept>();
  const inTurn = createQueue();
  let waiting = 0;

  const isCurrent = (one: Kept, { kind }: Question): boolean =>
    (one.revision === undefined || one.revision === revision()) &&
    (one.doneAtMs === undefined || clock.monotonic() - one.doneAtMs < KEPT_MS[kind]);

  function begin(key: string, question: Question): Promise<ReadersAnswer> {
    waiting += 1;
    const one: Kept = {
      revision: undefined,
      doneAtMs: undefined,
      answer: inTurn(async () => {
        one.revision = revision();
        return work(question);
      })
        .then(
          (body): ReadersAnswer => ({ kind: 'answered', body }),
          (error: Error): ReadersAnswer => ({ kind: 'failed', why: error.message }),
        )
        .finally(() => {
          waiting -= 1;
          one.doneAtMs = clock.monotonic();
        }),
    };
    kept.delete(key);
    kept.set(key, one);
    forgetOldest();
    return one.answer;
  }

  function forgetOldest(): void {
    for (const [key, { doneAtMs }] of kept) {
      if (kept.size > MOST_KEPT && doneAtMs !== undefined) {
        kept.delete(key);
      }
    }
  }

  return (question: Question): Promise<ReadersAnswer> | ReadersAnswer => {
    const key = JSON.stringify(question);
    const known = kept.get(key);
    if (known !== undefined && isCurrent(known, question)) {
      return known.answer;
    }
    return waiting < MOST_WAITING
      ? begin(key, question)
      : { kind: 'busy', why: `${MOST_WAITING} questions are waiting for their answers, the limit` };
  };
}

export type Readers = ReturnType<typeof createReaders>;
