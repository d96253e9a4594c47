import { formatCount, formatDuration } from '../kit/format.ts';
import { attempts, type Counts, quantileSeconds } from './counters.ts';
import type { Evidence } from './evidence.ts';
import { type Judgement, limitNumber } from './judgement.ts';
import type { Guard, Plan } from './plan-types.ts';
import { isBreached, logEvidence } from './sequential-test.ts';
import { type Recent, recentCounts } from './spans.ts';
import { NO_TRIALS } from './trials.ts';

const LATELY_MS = 3_000;

/** What the requests say of a guard on errors or durations. */
export function judgeRequests(plan: Plan, guard: Guard, evidence: Evidence, nowMs: number): Judgement {
  const recent = recentCounts(evidence, plan, guard.windowMs, nowMs);
  const legacy = attempts(recent.legacy) >= plan.minSamples ? recent.legacy : evidence.legacyBaseline;
  const value = guardValue(guard, recent.domain, legacy);
  return guard.test === 'sequential'
    ? judgeSequentially(plan, guard, evidence, value, recent, nowMs)
    : judgePlainly(plan, guard, legacy, value, recent, evidence.withoutBound.get(guard.name));
}

function judgeSequentially(
  plan: Plan,
  guard: Guard,
  evidence: Evidence,
  value: number | undefined,
  recent: Recent,
  nowMs: number,
): Judgement {
  const test = evidence.tests.get(guard.name);
  const { trials: samples } = evidence.trials.get(guard.name) ?? NO_TRIALS;
  const lacking = evidence.withoutBound.get(guard.name);
  const counted = { value, samples, evidence: test && logEvidence(test) };
  if (test !== undefined && isBreached(test)) {
    return { ...counted, kind: 'breached', detail: lately(plan, guard, evidence, nowMs) };
  }
  if (lacking !== undefined) {
    return { ...counted, kind: 'source-error', value: undefined, detail: noBound(guard, lacking) };
  }
  if (recent.inWindow === 0) {
    return { ...counted, kind: 'no-data', detail: 'no domain requests in the window' };
  }
  if (samples < plan.minSamples) {
    return { ...counted, kind: 'too-few-samples' };
  }
  if (value === undefined) {
    return { ...counted, kind: 'no-data', detail: 'the last domain requests have no durations' };
  }
  return isOver(guard, value, recent)
    ? { ...counted, kind: 'too-few-samples', detail: 'over the limit, not yet proven' }
    : { ...counted, kind: 'healthy' };
}

/** A breach may be proven long before the value of the whole window is over its limit: what happened lately says more. */
function lately(plan: Plan, guard: Guard, { spans }: Evidence, nowMs: number): string {
  const seen = recentCounts({ spans }, { ...plan, minSamples: 0 }, LATELY_MS, nowMs).trials.get(guard.name);
  if (seen === undefined || seen.bad === 0) {
    return '';
  }
  const what = guard.limit.kind === 'slow-share' ? `took longer than ${guard.limitText}` : 'failed';
  return `${formatCount(seen.bad)} of ${formatCount(seen.trials)} in the last ${formatDuration(LATELY_MS, 'en')} ${what}`;
}

function judgePlainly(
  plan: Plan,
  guard: Guard,
  legacy: Counts | undefined,
  value: number | undefined,
  recent: Recent,
  lacking: string | undefined,
): Judgement {
  const counted = { value, samples: attempts(recent.domain) };
  if (counted.samples >= plan.minSamples && value !== undefined && isOver(guard, value, recent)) {
    return { ...counted, kind: 'breached' };
  }
  if (recent.inWindow === 0) {
    return { ...counted, kind: 'no-data', detail: 'no domain requests in the window' };
  }
  if (counted.samples < plan.minSamples) {
    return { ...counted, kind: 'too-few-samples' };
  }
  if (value === undefined) {
    return guard.limit.kind === 'ratio' && legacy === undefined
      ? { ...counted, kind: 'too-few-samples', detail: 'too few legacy requests to compare with' }
      : { ...counted, kind: 'source-error', detail: noBound(guard) };
  }
  // Where no replica has the bound the value stands for itself; where some have it, the others are not known.
  return lacking !== undefined && recent.trials.has(guard.name)
    ? { ...counted, kind: 'source-error', detail: noBound(guard, lacking) }
    : { ...counted, kind: 'healthy' };
}

/** Where histograms have a bound at the limit the share is exact; the quantile never rises above the last bound. */
function isOver(guard: Guard, value: number, { trials }: Recent): boolean {
  const seen = guard.limit.kind === 'slow-share' ? trials.get(guard.name) : undefined;
  return guard.limit.kind === 'slow-share' && seen !== undefined
    ? seen.bad > guard.limit.share * seen.trials
    : value > limitNumber(guard);
}

function guardValue({ limit, measure }: Guard, domain: Counts, legacy: Counts | undefined): number | undefined {
  switch (limit.kind) {
    case 'error-share':
      return valueOfMeasure('error-rate', domain);
    case 'slow-share':
      return valueOfMeasure('latency-p95', domain);
    case 'mean':
      return valueOfMeasure('latency-mean', domain);
    case 'ratio': {
      const [ours, theirs] = [valueOfMeasure(measure, domain), legacy && valueOfMeasure(measure, legacy)];
      if (ours === undefined || theirs === undefined) {
        return undefined;
      }
      return ours === 0 ? 0 : ours / theirs;
    }
    case 'count':
      return undefined;
  }
}

/** Seconds, or a share of 1; undefined without samples. */
export function valueOfMeasure(measure: Guard['measure'], counts: Counts): number | undefined {
  switch (measure) {
    case 'error-rate':
      return attempts(counts) === 0 ? undefined : counts.error / attempts(counts);
    case 'latency-p95':
      return quantileSeconds(counts, 0.95);
    case 'latency-mean':
      return counts.timed === 0 ? undefined : counts.sumSeconds / counts.timed;
    default:
      return undefined;
  }
}

const noBound = (guard: Guard, replica?: string) =>
  `the histogram of ${replica ?? 'the replicas'} has no bound at ${guard.limitText}: choose a limit that is one`;
