import { addCounts, attempts, type Counts, NO_COUNTS, sumCounts } from './counters.ts';
import type { Plan } from './plan-types.ts';
import { sumTrials, type TrialsByGuard } from './trials.ts';

/** What both paths counted between two looks, and what the guards count of it. */
export type Span = {
  readonly atMs: number;
  readonly domain: Counts;
  readonly legacy: Counts;
  readonly trials: TrialsByGuard;
};

/** `inWindow`: how many of domain's attempts are within the window that was asked for. */
export type Recent = Omit<Span, 'atMs'> & { readonly inWindow: number };

const SPAN_MS = 1_000;
/** Behind every window, only how many samples there are is asked. */
const OLD_SPAN_MS = 60_000;
const MOST_SPANS = 4_000;

/**
 * Both paths over the window; where the domain path has fewer than `minSamples` in it, as far back as it has them, within
 * the stage: a quiet rollout is judged by its last samples, however long they took.
 */
export function recentCounts(
  { spans }: { readonly spans: readonly Span[] },
  { minSamples }: Pick<Plan, 'minSamples'>,
  windowMs: number,
  nowMs: number,
): Recent {
  const recent = spans.slice(neededFrom(spans, minSamples, windowMs, nowMs));
  const inWindow = recent.filter(({ atMs }) => nowMs - atMs < windowMs);
  return {
    domain: sumCounts(recent.map(({ domain }) => domain)),
    legacy: sumCounts(recent.map(({ legacy }) => legacy)),
    trials: sumTrials(recent.map(({ trials }) => trials)),
    inWindow: inWindow.reduce((sum, { domain }) => sum + attempts(domain), 0),
  };
}

/** Where the spans begin that a window or `minSamples` needs: samples of domain, and of legacy before it has any. */
function neededFrom(spans: readonly Span[], minSamples: number, windowMs: number, nowMs: number): number {
  const first = spans.findIndex(({ domain }) => domain !== NO_COUNTS);
  let [ours, theirs, from] = [0, 0, spans.length];
  while (from > 0) {
    const { atMs, domain, legacy } = spans[from - 1] as Span;
    const isEnough = ours >= minSamples || (theirs >= minSamples && (first === -1 || from <= first));
    if (isEnough && nowMs - atMs >= windowMs) {
      break;
    }
    ours += attempts(domain);
    theirs += attempts(legacy);
    from -= 1;
  }
  return from;
}

export function appendSpan(plan: Plan, spans: readonly Span[], next: Span): readonly Span[] {
  if (next.domain === NO_COUNTS && next.legacy === NO_COUNTS) {
    return spans;
  }
  const last = spans.at(-1);
  if (last !== undefined && Math.floor(last.atMs / SPAN_MS) === Math.floor(next.atMs / SPAN_MS)) {
    return [...spans.slice(0, -1), joined(last, next)];
  }
  return [...forgetOld(plan, spans, next.atMs), next];
}

function forgetOld(plan: Plan, spans: readonly Span[], nowMs: number): readonly Span[] {
  const windowMs = longestWindowMs(plan);
  const from = Math.max(neededFrom(spans, plan.minSamples, windowMs, nowMs), spans.length - MOST_SPANS);
  const kept: Span[] = [];
  for (const span of spans.slice(from)) {
    const last = kept.at(-1);
    const isOld = nowMs - span.atMs >= windowMs;
    if (last !== undefined && isOld && Math.floor(last.atMs / OLD_SPAN_MS) === Math.floor(span.atMs / OLD_SPAN_MS)) {
      kept[kept.length - 1] = joined(last, span);
    } else {
      kept.push(span);
    }
  }
  return kept;
}

const joined = (older: Span, newer: Span): Span => ({
  atMs: newer.atMs,
  domain: addCounts(older.domain, newer.domain),
  legacy: addCounts(older.legacy, newer.legacy),
  trials: sumTrials([older.trials, newer.trials]),
});

export const longestWindowMs = ({ guards }: Plan): number => Math.max(...guards.map(({ windowMs }) => windowMs));
