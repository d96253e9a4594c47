import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Clock } from './time.ts';

/** What is left of V8's own choice: garbage is collected sooner, and less of it is held. */
const YOUNG_MEGABYTES = 8;

type WorkerParts = {
  readonly file: URL;
  /** What a new thread begins with; asked for each. */
  readonly seed: () => unknown;
  /** A job without an answer by then is given up, and its thread ended. */
  readonly withinMs: number;
  readonly mostMegabytes: number;
  readonly clock: Pick<Clock, 'within'>;
};

/** What the thread answers a job with. */
export type WorkerAnswer = { readonly body: Uint8Array<ArrayBuffer> } | { readonly failed: string };

export type WorkerMessage<Job, News> = { readonly job: Job } | { readonly news: News };

/**
 * A thread for work that must not hold up this one, to be given one job at a time. It begins with the first job; after one that
 * ended or was late, the next job begins with a new one.
 */
export function createWorker<Job, News>({ file, seed, withinMs, mostMegabytes, clock }: WorkerParts) {
  let current: Worker | undefined;

  function begin(): Worker {
    const worker = new Worker(file, {
      workerData: seed(),
      // What this process was started with, such as a loader, is for its first thread.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: mostMegabytes, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    worker.unref();
    // The job under way fails with it; unheard, it would end the process.
    worker.on('error', () => {});
    worker.once('exit', () => {
      current = current === worker ? undefined : current;
    });
    return worker;
  }

  const post = (worker: Worker, message: WorkerMessage<Job, News>) => worker.postMessage(message);

  return {
    /** @throws where the work failed, its thread ended, or it was late. */
    run: async (job: Job): Promise<Uint8Array<ArrayBuffer>> => {
      current ??= begin();
      const worker = current;
      post(worker, { job });
      const answer = await clock
        .within(withinMs, (late) => nextAnswer(worker, late))
        .catch((error) => {
          current = current === worker ? undefined : current;
          void worker.terminate();
          throw error;
        });
      if ('failed' in answer) {
        throw new Error(answer.failed);
      }
      return answer.body;
    },
    /** Where there is no thread, the next one's seed has it. */
    post: (news: News): void => {
      if (current !== undefined) {
        post(current, { news });
      }
    },
    close: async (): Promise<void> => {
      await current?.terminate();
    },
  };
}

/** @throws what ended the thread. */
async function nextAnswer(worker: Worker, late: AbortSignal): Promise<WorkerAnswer> {
  const over = new AbortController();
  const signal = AbortSignal.any([late, over.signal]);
  const ended = once(worker, 'exit', { signal }).then(([code]) => {
    throw new Error(`its thread ended with ${code}`);
  });
  const answered = once(worker, 'message', { signal });
  ended.catch(() => {});
  try {
    const [answer] = (await Promise.race([answered, ended])) as [WorkerAnswer];
    return answer;
  } finally {
    over.abort();
  }
}
