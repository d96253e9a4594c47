import { formatCount, formatDuration } from '../kit/format.ts';
import { attempts, type Counts, quantileSeconds } from './counters.ts';
import { type Evidence, recentCounts, trialsOf } from './evidence.ts';
import type { Guard, OnBreach, Plan } from './plan-types.ts';
import type { SourceReading } from './reading.ts';
import { isBreached, logEvidence } from './sequential-test.ts';
import { percentOf, type State } from './state.ts';

export const VERDICTS = ['healthy', 'breached', 'no-data', 'too-few-samples', 'source-error'] as const;

/** What one guard says of the stage, by what one source has reported. */
export type Verdict = {
  readonly guard: string;
  readonly source: string;
  readonly kind: (typeof VERDICTS)[number];
  readonly onBreach: OnBreach;
  /** In the unit of the limit: seconds, a share of 1, a factor, a count. Undefined where nothing was counted. */
  readonly value: number | undefined;
  readonly limit: number;
  /** As the plan writes it. */
  readonly limitText: string;
  readonly samples: number;
  /** ln of the e-value against the limit; undefined where the guard is a plain limit. */
  readonly evidence: number | undefined;
  /** Why, for people; empty where there is nothing to add. */
  readonly detail: string;
};

const LATELY_MS = 3_000;
/** A breaker probes 5 s and 15 s after it opened: open for longer, both probes failed. */
const BREAKER_PATIENCE_MS = 16_000;

/** The guard that every plan has: replicas that keep requests off the domain path by themselves. */
const BREAKER: Guard = {
  name: 'breaker',
  measure: 'breaker',
  limit: { kind: 'count', count: 0 },
  limitText: '0',
  windowMs: BREAKER_PATIENCE_MS,
  onBreach: 'off',
  test: 'threshold',
};

/** Every guard's verdict, by one source's evidence. */
export function judge(plan: Plan, source: string, evidence: Evidence, nowMs: number): readonly Verdict[] {
  const judged = plan.guards.map((guard) => judgeGuard(plan, guard, evidence, nowMs));
  const found = plan.guards.map((guard, at) => describe(guard, source, judged[at] as Judgement));
  const all = [...found, describe(BREAKER, source, judgeBreaker(evidence, nowMs))];
  const noData = whyNoData(evidence.reading);
  // A breach that was proven stays one; nothing else is known while the source gives no data.
  return noData === undefined
    ? all
    : all.map((verdict) =>
        verdict.kind === 'breached' ? verdict : { ...verdict, kind: 'source-error', detail: noData },
      );
}

/** Where a check of the data itself is the source of a verdict. */
export const VERIFIER = 'verifier';

/** What the last consistency check of this stage says, of each guard on mismatches; nothing where there was none. */
export function judgeCheck(plan: Plan, state: State): readonly Verdict[] {
  const checked = percentOf(state) > 0 && 'checked' in state ? state.checked : undefined;
  if (checked === undefined) {
    return [];
  }
  const { findings, changes, detail } = checked;
  return plan.guards
    .filter(({ limit }) => limit.kind === 'count')
    .map((guard) => {
      const kind = findings > limitNumber(guard) ? 'breached' : 'healthy';
      return describe(guard, VERIFIER, { kind, value: findings, samples: changes, detail });
    });
}

type Recent = { readonly domain: Counts; readonly inWindow: number };

type Judgement = Pick<Verdict, 'kind' | 'value' | 'samples'> &
  Partial<Pick<Verdict, 'evidence' | 'detail' | 'onBreach'>>;

function describe(guard: Guard, source: string, judgement: Judgement): Verdict {
  return {
    guard: guard.name,
    source,
    onBreach: guard.onBreach,
    limit: limitNumber(guard),
    limitText: guard.limitText,
    evidence: undefined,
    detail: '',
    ...judgement,
  };
}

function judgeGuard(plan: Plan, guard: Guard, evidence: Evidence, nowMs: number): Judgement {
  if (guard.limit.kind === 'count') {
    const { mismatches } = evidence;
    if (mismatches === undefined) {
      return { kind: 'no-data', value: undefined, samples: 0, detail: 'no replica counts consistency checks' };
    }
    return {
      kind: mismatches > guard.limit.count ? 'breached' : 'healthy',
      value: mismatches,
      samples: attempts(evidence.domain),
    };
  }
  const recent = recentCounts(evidence, plan, guard.windowMs, nowMs);
  const legacy = attempts(recent.legacy) >= plan.minSamples ? recent.legacy : evidence.legacyBaseline;
  const value = guardValue(guard, recent.domain, legacy);
  return guard.test === 'sequential'
    ? judgeSequentially(plan, guard, evidence, value, recent, nowMs)
    : judgePlainly(plan, guard, legacy, value, recent);
}

function judgeSequentially(
  plan: Plan,
  guard: Guard,
  evidence: Evidence,
  value: number | undefined,
  { domain: recent, inWindow }: Recent,
  nowMs: number,
): Judgement {
  const { tests, domain } = evidence;
  const test = tests.get(guard.name);
  const seen = trialsOf(guard, domain);
  const counted = { value, samples: seen?.trials ?? attempts(domain), evidence: test && logEvidence(test) };
  if (test !== undefined && isBreached(test)) {
    return { ...counted, kind: 'breached', detail: lately(plan, guard, evidence, nowMs) };
  }
  if (test === undefined || seen === undefined) {
    return { ...counted, kind: 'source-error', value: undefined, detail: noBound(guard) };
  }
  if (inWindow === 0) {
    return { ...counted, kind: 'no-data', detail: 'no domain requests in the window' };
  }
  if (seen.trials < plan.minSamples) {
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
  const seen = trialsOf(guard, recentCounts({ spans }, { ...plan, minSamples: 0 }, LATELY_MS, nowMs).domain);
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
  { domain, inWindow }: Recent,
): Judgement {
  const counted = { value, samples: attempts(domain) };
  if (counted.samples >= plan.minSamples && value !== undefined && isOver(guard, value, domain)) {
    return { ...counted, kind: 'breached' };
  }
  if (inWindow === 0) {
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
  return { ...counted, kind: 'healthy' };
}

/** Where the histogram has a bound at the limit the share is exact; the quantile never rises above the last bound. */
function isOver(guard: Guard, value: number, counts: Counts): boolean {
  const seen = guard.limit.kind === 'slow-share' ? trialsOf(guard, counts) : undefined;
  return guard.limit.kind === 'slow-share' && seen !== undefined
    ? seen.bad > guard.limit.share * seen.trials
    : value > limitNumber(guard);
}

function judgeBreaker({ reading, openSince }: Evidence, nowMs: number): Judgement {
  const replicas =
    reading?.kind === 'read' ? reading.replicas.filter(({ breakerOpen }) => breakerOpen !== undefined) : [];
  const counted = { value: openSince.size, samples: replicas.length };
  if (replicas.length === 0) {
    return { ...counted, kind: 'no-data', value: undefined, detail: 'no replica reports its breaker' };
  }
  if (openSince.size === 0) {
    return { ...counted, kind: 'healthy' };
  }
  const persistent = Array.from(openSince.values()).filter((sinceMs) => nowMs - sinceMs >= BREAKER_PATIENCE_MS).length;
  const detail = `open on ${Array.from(openSince.keys()).join(', ')}`;
  return { ...counted, kind: 'breached', onBreach: persistent * 2 > replicas.length ? 'off' : 'hold', detail };
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

function limitNumber({ limit }: Guard): number {
  switch (limit.kind) {
    case 'error-share':
      return limit.share;
    case 'slow-share':
    case 'mean':
      return limit.seconds;
    case 'ratio':
      return limit.factor;
    case 'count':
      return limit.count;
  }
}

const noBound = (guard: Guard) =>
  `the replicas' histogram has no bound at ${guard.limitText}: choose a limit that is one`;

/** Why a source cannot vouch for health now; undefined when it has reported every replica. */
function whyNoData(reading: SourceReading | undefined): string | undefined {
  if (reading === undefined) {
    return 'not read yet';
  }
  if (reading.kind === 'failed') {
    return `${reading.why}: ${reading.detail}`;
  }
  // A replica that a name service leaves out has mostly ended: pods that come and go must not hold a stage for ever.
  const missing = reading.missing.find(({ why }) => why !== 'left');
  return missing && `${missing.replica} ${missing.why}: ${missing.detail}`;
}
