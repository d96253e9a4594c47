import { attempts, type Counts, countsSince, isOtherProcess, mismatchesSince, sumCounts } from './counters.ts';
import type { Plan } from './plan-types.ts';
import type { ReplicaReading, SourceReading } from './reading.ts';
import { type Opening, openingsAfter, type Restart, restartsAfter } from './replica-history.ts';
import { addTrials, beginTest, type SequentialTest } from './sequential-test.ts';
import { appendSpan, longestWindowMs, recentCounts, type Span } from './spans.ts';
import { countTrials, sumTrials, type TrialsByGuard, whoHasNoBound } from './trials.ts';

/** What one source has reported since a stage began. Nothing from before counts for the stage. */
export type Evidence = {
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly reading: SourceReading | undefined;
  /** The last usable reading of each replica: where its next counts begin. */
  readonly replicas: ReadonlyMap<string, ReplicaReading>;
  /** The newest spans, oldest first: as far back as a window or `minSamples` may need. */
  readonly spans: readonly Span[];
  /** Attempts on the domain path. */
  readonly samples: number;
  readonly mismatches: number | undefined;
  /** Replicas whose breaker is open. */
  readonly openings: ReadonlyMap<string, Opening>;
  /** Oldest first. */
  readonly restarts: readonly Restart[];
  readonly tests: ReadonlyMap<string, SequentialTest>;
  readonly trials: TrialsByGuard;
  /** A replica whose histogram has no bound at the limit of a guard now, by the guard's name. */
  readonly withoutBound: ReadonlyMap<string, string>;
  /** Legacy's own values when it last had enough samples: at 100 % it has none any more, and they are what is compared to. */
  readonly legacyBaseline: Counts | undefined;
};

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
    samples: 0,
    mismatches: undefined,
    // At 0 % nobody probes: a breaker that was left open is given the time to close once there are requests again.
    openings: new Map(),
    restarts: [],
    trials: new Map(),
    withoutBound: new Map(),
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
  for (const current of reading.replicas) {
    const previous = replicas.get(current.replica);
    found.domain.push(countsSince('domain', previous, current, evidence.sinceMs));
    found.legacy.push(countsSince('legacy', previous, current, evidence.sinceMs));
    const differing = mismatchesSince(previous, current, evidence.sinceMs);
    mismatches = differing === undefined ? mismatches : (mismatches ?? 0) + differing;
    replicas.set(current.replica, completed(previous, current));
  }
  const [domain, legacy] = [sumCounts(found.domain), sumCounts(found.legacy)];
  const trials = countTrials(plan.guards, found.domain);
  const spans = appendSpan(plan, evidence.spans, { atMs: nowMs, domain, legacy, trials });
  const recent = recentCounts({ spans }, plan, longestWindowMs(plan), nowMs).legacy;
  return {
    ...evidence,
    replicas,
    openings: openingsAfter(evidence.openings, reading.replicas, nowMs),
    restarts: restartsAfter(evidence.restarts, evidence.replicas, reading.replicas, nowMs),
    mismatches,
    tests: tested(evidence.tests, trials, nowMs),
    trials: sumTrials([evidence.trials, trials]),
    withoutBound: whoHasNoBound(plan.guards, reading.replicas),
    spans,
    samples: evidence.samples + attempts(domain),
    legacyBaseline: isBaseline(plan, recent, evidence.legacyBaseline) ? recent : evidence.legacyBaseline,
  };
}

/** A replica that lacks bounds for a while must not leave a baseline that lacks them for good. */
const isBaseline = ({ minSamples }: Plan, recent: Counts, known: Counts | undefined): boolean =>
  attempts(recent) >= minSamples && recent.atMost.size >= (known?.atMost.size ?? 0);

function tested(before: Evidence['tests'], trials: TrialsByGuard, nowMs: number): Evidence['tests'] {
  const after = new Map(before);
  for (const [guard, seen] of trials) {
    const test = after.get(guard);
    if (test !== undefined) {
      after.set(guard, addTrials(test, seen, nowMs));
    }
  }
  return after;
}

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
    restarts: evidence.restarts.map((restart) => ({ ...restart, atMs: restart.atMs + shift })),
    openings: new Map(
      Array.from(evidence.openings, ([replica, { forMs, seenMs, lookedMs }]) => [
        replica,
        { forMs, seenMs: seenMs + shift, lookedMs: lookedMs + shift },
      ]),
    ),
  };
}
