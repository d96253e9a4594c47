import { type Clock, ignoreLate } from '../../../src/kit/time.ts';

/** Something that has to end and does not: what it waits for is unknown, so nothing after it can be relied on. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}

type Watched<T> = {
  readonly what: string;
  readonly withinMs: number;
  readonly work: () => Promise<T>;
  /** What is known of it, a line each. It may hang as well. */
  readonly describe: () => Promise<readonly string[]>;
  readonly clock: Pick<Clock, 'within'>;
};

const DESCRIBED_WITHIN_MS = 5_000;

/** @throws Stuck where `work` does not end in time, with what is known of it. */
export async function watched<T>({ what, withinMs, work, describe, clock }: Watched<T>): Promise<T> {
  const done = work();
  try {
    return await clock.within(withinMs, () => done);
  } catch (error) {
    ignoreLate(error);
  }
  done.catch(() => {});
  const lines = await clock
    .within(DESCRIBED_WITHIN_MS, describe)
    .catch((error: Error) => [`nothing more is known: ${error.message}`]);
  throw new Stuck(
    [`STUCK: ${what} did not end within ${withinMs / 1_000} s`, ...lines.map((line) => `  ${line}`)].join('\n'),
  );
}
