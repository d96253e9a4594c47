import type { Clock } from '../../kit/time.ts';
import { createWorker } from '../../kit/worker.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { Engine } from '../engine/engine.ts';
import type { Measuring } from '../engine/measuring.ts';
import type { Job, News, Now, Seed } from './question.ts';
import { createReaders, type Readers } from './readers.ts';

/** Longer than any answer takes on a busy machine. */
const ANSWER_WITHIN_MS = 10_000;
/** Enough for ten thousand events; what a reader needs beyond it costs the thread, and not the process. */
const MOST_MEGABYTES = 128;
const MOST_REMEMBERED = 1_000;
/** As long as measurements wait for a store that is away. */
const MEASURED_MS = 2 * 3_600_000;

type OpenReadersParts = {
  readonly databaseUrl: string;
  readonly plan: Plan;
  readonly loop: Pick<Engine, 'listen' | 'remembered' | 'revision'>;
  readonly measuring: Pick<Measuring, 'listen' | 'since'>;
  /** What a report says of this moment. */
  readonly now: () => Now;
  readonly clock: Clock;
};

/** Reports, history and measurements, made in a thread of their own: whoever reads does not hold up the engine. */
export function openReaders({ databaseUrl, plan, loop, measuring, now, clock }: OpenReadersParts) {
  const seed = (): Seed => ({
    databaseUrl,
    plan,
    points: measuring.since(clock.now() - MEASURED_MS),
    events: loop.remembered(MOST_REMEMBERED),
  });
  const worker = createWorker<Job, News>({
    file: new URL('./worker.ts', import.meta.url),
    seed,
    withinMs: ANSWER_WITHIN_MS,
    mostMegabytes: MOST_MEGABYTES,
    clock,
  });
  const ends = [
    measuring.listen((point) => worker.post({ kind: 'point', point })),
    loop.listen((event) => worker.post({ kind: 'event', event })),
  ];
  const ask: Readers = createReaders({
    work: (question) => worker.run({ question, now: question.kind === 'report' ? now() : undefined }),
    revision: loop.revision,
    clock,
  });
  return {
    ask,
    close: async (): Promise<void> => {
      ends.forEach((end) => void end());
      await worker.close();
    },
  };
}
