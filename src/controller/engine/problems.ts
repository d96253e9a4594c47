import type { Clock } from '../../kit/time.ts';

const SUMMED_OVER_MS = 600_000;
/** As many different texts of one problem are recorded at once; more of them are noise. */
const MOST_TEXTS = 5;

type Problem = {
  readonly text: string;
  readonly isThere: boolean;
  /** What was recorded last, and when. */
  readonly isRecordedThere: boolean;
  readonly recordedAtMs: number;
  readonly texts: number;
  /** It was summed before: that it is over has to last, too. */
  readonly isSummed: boolean;
  /** How often it happened again since. */
  readonly times: number;
};

export type Problems = ReturnType<typeof createProblems>;

/**
 * What is wrong, by name: recorded at once, then summed. A problem that comes and goes, or whose text changes with each try, is
 * recorded once in ten minutes with how often it happened. @param write writes it down.
 */
export function createProblems(clock: Pick<Clock, 'monotonic'>, write: (name: string, text: string) => void) {
  const known = new Map<string, Problem>();
  return {
    /** @param text what is wrong now, without a full stop; undefined where nothing is. */
    report: (name: string, text: string | undefined): void => {
      const before = known.get(name);
      const outcome = text === undefined ? over(before, clock.monotonic()) : wrong(before, text, clock.monotonic());
      if (outcome.next === undefined) {
        known.delete(name);
      } else {
        known.set(name, outcome.next);
      }
      if (outcome.recorded !== undefined) {
        write(name, outcome.recorded);
      }
    },
    now: (): readonly { readonly name: string; readonly text: string }[] =>
      Array.from(known).flatMap(([name, { text, isThere }]) => (isThere ? [{ name, text }] : [])),
  };
}

type Next = { readonly next: Problem | undefined; readonly recorded?: string };

function wrong(before: Problem | undefined, text: string, nowMs: number): Next {
  if (before === undefined) {
    return {
      next: { text, isThere: true, isRecordedThere: true, recordedAtMs: nowMs, texts: 1, isSummed: false, times: 0 },
      recorded: `${text}.`,
    };
  }
  const isOther = !isAlike(before.text, text);
  if (isOther && before.texts < MOST_TEXTS) {
    return {
      next: { ...before, text, isThere: true, isRecordedThere: true, recordedAtMs: nowMs, texts: before.texts + 1 },
      recorded: `${text}.`,
    };
  }
  const times = before.times + (isOther || !before.isThere ? 1 : 0);
  return summed({ ...before, text, isThere: true, times }, nowMs);
}

function over(before: Problem | undefined, nowMs: number): Next {
  if (before === undefined) {
    return { next: undefined };
  }
  return before.isRecordedThere && before.times === 0 && !before.isSummed
    ? {
        next: { ...before, isThere: false, isRecordedThere: false, recordedAtMs: nowMs },
        recorded: `Over: ${before.text}.`,
      }
    : summed({ ...before, isThere: false }, nowMs);
}

function summed(problem: Problem, nowMs: number): Next {
  const { text, isThere, times, recordedAtMs } = problem;
  const sinceMs = nowMs - recordedAtMs;
  if (sinceMs < SUMMED_OVER_MS) {
    return { next: problem };
  }
  const often = `${times} times in ${Math.round(sinceMs / 60_000)} min`;
  if (times === 0) {
    const isOver = !isThere && problem.isRecordedThere;
    return isThere ? { next: problem } : { next: undefined, ...(isOver && { recorded: `Over: ${text}.` }) };
  }
  return {
    next: { ...problem, isRecordedThere: isThere, isSummed: true, recordedAtMs: nowMs, texts: 1, times: 0 },
    recorded: isThere ? `Still: ${text}; ${often}.` : `Over: ${text}; ${often}.`,
  };
}

/** Numbers and ids in a text say that it happened again, not that it is another problem. */
const isAlike = (a: string, b: string) => withoutIds(a) === withoutIds(b);

const withoutIds = (text: string) => text.replaceAll(/[\w-]*\d[\w-]*/g, '#');
