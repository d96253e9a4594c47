import {
  addCounts,
  attempts,
  type Counts,
  countsSince,
  isOtherProcess,
  mismatchesSince,
  NO_COUNTS,
  slowerThan,
  sumCounts,
} from './counters.ts';
import type { Guard, Plan } from './plan-types.ts';
import type { ReplicaReading, SourceReading } from './reading.ts';
import { addTrials, beginTest, type SequentialTest } from './sequential-test.ts';

type Span = { readonly atMs: number; readonly domain: Counts; readonly legacy: Counts };

/** What one source has reported since a stage began. Nothing from before counts for the stage. */
export type Evidence = {
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly reading: SourceReading | undefined;
  /** The last usable reading of each replica: where its next counts begin. */
  readonly replicas: ReadonlyMap<string, ReplicaReading>;
  /** The newest spans, oldest first: as far back as a window or `minSamples` may need. */
  readonly spans: readonly Span[];
  readonly domain: Counts;
  readonly mismatches: number | undefined;
  /** Since when each replica's breaker has been open. */
  readonly openSince: ReadonlyMap<string, number>;
  readonly tests: ReadonlyMap<string, SequentialTest>;
  /** Legacy's own values when it last had enough samples: at 100 % it has none any more, and they are what is compared to. */
  readonly legacyBaseline: Counts | undefined;
};

const SPAN_MS = 1_000;
/** Behind every window, only how many samples there are is asked. */
const OLD_SPAN_MS = 60_000;
const MOST_SPANS = 4_000;

/** @param sources how many sources look at the same requests: together they keep the plan's confidence. */
export function beginEvidence(plan: Plan, nowMs: number, sources: number, previous?: Evidence): Evidence {
  const sequential = plan.guards.filter(({ test }) => test === 'sequential');
  const alpha = (1 - plan.confidence) / (sequential.length * sources);
  const before = previous && rebased(previous, nowMs);
  return {
    sinceMs: nowMs,
    lastMs: nowMs,
    reading: previous?.reading,
    replicas: before === undefined ? new Map() : lastSeen(before),
    spans: [],
    domain: NO_COUNTS,
    mismatches: undefined,
    // At 0 % nobody probes: a breaker that was left open is given the time to close once there are requests again.
    openSince: new Map(),
    tests: new Map(
      sequential.map(({ name, limit }) => [name, beginTest({ limitShare: (limit as { share: number }).share, alpha })]),
    ),
    legacyBaseline: previous?.legacyBaseline,
  };
}

/** Takes in one look at the replicas. A look that failed leaves everything as it was, and is remembered as failed. */
export function addReading(plan: Plan, old: Evidence, reading: SourceReading, nowMs: number): Evidence {
  const evidence = { ...rebased(old, nowMs), reading, lastMs: nowMs };
  if (reading.kind === 'failed') {
    return evidence;
  }
  const found: { domain: Counts[]; legacy: Counts[] } = { domain: [], legacy: [] };
  let mismatches = evidence.mismatches;
  const replicas = new Map(evidence.replicas);
  const openSince = new Map<string, number>();
  for (const current of reading.replicas) {
    const previous = replicas.get(current.replica);
    found.domain.push(countsSince('domain', previous, current, evidence.sinceMs));
    found.legacy.push(countsSince('legacy', previous, current, evidence.sinceMs));
    const differing = mismatchesSince(previous, current, evidence.sinceMs);
    mismatches = differing === undefined ? mismatches : (mismatches ?? 0) + differing;
    if (current.breakerOpen) {
      openSince.set(current.replica, evidence.openSince.get(current.replica) ?? nowMs);
    }
    replicas.set(current.replica, completed(previous, current));
  }
  const [domain, legacy] = [sumCounts(found.domain), sumCounts(found.legacy)];
  const tests = new Map(evidence.tests);
  for (const guard of plan.guards) {
    const test = tests.get(guard.name);
    const seen = trialsOf(guard, domain);
    if (test !== undefined && seen !== undefined) {
      tests.set(guard.name, addTrials(test, seen, nowMs));
    }
  }
  const spans = appendSpan(plan, evidence.spans, { atMs: nowMs, domain, legacy });
  const recent = recentCounts({ spans }, plan, longestWindowMs(plan), nowMs).legacy;
  return {
    ...evidence,
    replicas,
    openSince,
    mismatches,
    tests,
    spans,
    domain: addCounts(evidence.domain, domain),
    legacyBaseline: attempts(recent) >= plan.minSamples ? recent : evidence.legacyBaseline,
  };
}

/** What a sequential guard counts: all attempts, and the bad ones; undefined where the histogram has no bound at the limit. */
export function trialsOf(
  { limit }: Guard,
  counts: Counts,
): { readonly trials: number; readonly bad: number } | undefined {
  switch (limit.kind) {
    case 'error-share':
      return { trials: attempts(counts), bad: counts.error };
    case 'slow-share': {
      const bad = slowerThan(counts, limit.seconds);
      return bad === undefined ? undefined : { trials: counts.timed, bad };
    }
    default:
      return undefined;
  }
}

/**
 * Both paths over the window; where the domain path has fewer than `minSamples` in it, as far back as it has them, within
 * the stage: a quiet rollout is judged by its last samples, however long they took.
 */
export function recentCounts(
  { spans }: Pick<Evidence, 'spans'>,
  { minSamples }: Pick<Plan, 'minSamples'>,
  windowMs: number,
  nowMs: number,
): { readonly domain: Counts; readonly legacy: Counts; readonly inWindow: number } {
  const recent = spans.slice(neededFrom(spans, minSamples, windowMs, nowMs));
  const inWindow = recent.filter(({ atMs }) => nowMs - atMs < windowMs);
  return {
    domain: sumCounts(recent.map(({ domain }) => domain)),
    legacy: sumCounts(recent.map(({ legacy }) => legacy)),
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

function appendSpan(plan: Plan, spans: readonly Span[], next: Span): readonly Span[] {
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
});

/** The replicas of the last look: where another one begins to count again, its counts may be from before the stage. */
function lastSeen({ reading, replicas }: Evidence): ReadonlyMap<string, ReplicaReading> {
  const seen = new Set(reading?.kind === 'read' ? reading.replicas.map(({ replica }) => replica) : []);
  return new Map(Array.from(replicas).filter(([replica]) => seen.has(replica)));
}

/** What a process did not say this time is as it said it last: forgotten, it would be counted once more. */
function completed(previous: ReplicaReading | undefined, current: ReplicaReading): ReplicaReading {
  return previous === undefined || isOtherProcess(previous, current)
    ? current
    : {
        ...current,
        startedAtMs: current.startedAtMs ?? previous.startedAtMs,
        legacy: current.legacy ?? previous.legacy,
        domain: current.domain ?? previous.domain,
        mismatches: current.mismatches ?? previous.mismatches,
      };
}

const longestWindowMs = ({ guards }: Plan): number => Math.max(...guards.map(({ windowMs }) => windowMs));

/** A clock that was set back would leave spans in the future, in every window for as long: they move with it. */
function rebased(evidence: Evidence, nowMs: number): Evidence {
  const shift = nowMs - evidence.lastMs;
  if (shift >= 0) {
    return evidence;
  }
  return {
    ...evidence,
    sinceMs: evidence.sinceMs + shift,
    spans: evidence.spans.map((span) => ({ ...span, atMs: span.atMs + shift })),
    openSince: new Map(Array.from(evidence.openSince, ([replica, sinceMs]) => [replica, sinceMs + shift])),
  };
}
