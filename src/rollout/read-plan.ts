import { hash } from 'node:crypto';
import { BUILT_IN_NAMES } from './built-in.ts';
import type { Place } from './plan-problems.ts';
import type { PlanText } from './plan-schema.ts';
import type { Guard, Limit, Plan } from './plan-types.ts';
import { parseDurationMs, parseFactor, parseShare } from './units.ts';

const DEFAULT_WINDOW_MS = 60_000;
const LONGEST_WINDOW_MS = 15 * 60_000;
const P95_SHARE_OVER = 0.05;
/** The controller renews every third of a lease; below this, a slow tick would end it. */
const SHORTEST_LEASE_MS = 5_000;

/** Says what is wrong at a place of the plan. */
type Report = (place: Place, message: string) => void;

/** What a plan of the right shape means, in milliseconds and shares. It may be used where nothing was reported. */
export function readPlan(written: PlanText, report: Report): Plan {
  const confidence = parseShare(written.confidence ?? '99.9%') as number;
  if (confidence < 0.9 || confidence >= 1) {
    report(['confidence'], `confidence is ${written.confidence}; allowed: from 90% to below 100%.`);
  }
  const leaseMs = written.lease === undefined ? undefined : (parseDurationMs(written.lease) as number);
  if (leaseMs !== undefined && leaseMs < SHORTEST_LEASE_MS) {
    report(['lease'], `lease is ${written.lease}; allowed: at least ${SHORTEST_LEASE_MS / 1_000}s.`);
  }
  return {
    hash: hashOf(written),
    rollout: written.rollout,
    flag: written.flag,
    endpoint: written.endpoint,
    stages: readStages(written, report),
    watchMs: parseDurationMs(written.watch ?? '24h') as number,
    guards: readGuards(written, report),
    confidence,
    minSamples: written.minSamples ?? 200,
    leaseMs,
    afterRollback: written.afterRollback ?? 'person',
    rollbackWith: written.rollbackWith ?? 'variant',
  };
}

function readStages(written: PlanText, report: Report): Plan['stages'] {
  const stages = written.stages.map(({ percent, observe, approval, verify }) => ({
    percent,
    observeMs: parseDurationMs(observe) as number,
    needsApproval: approval === 'required',
    needsVerify: verify === 'required',
  }));
  stages.forEach((stage, at) => {
    const before = stages[at - 1];
    if (before !== undefined && stage.percent <= before.percent) {
      report(
        ['stages', at, 'percent'],
        `percents have to rise: ${stage.percent} comes after ${before.percent}. Put the stages in rising order.`,
      );
    }
  });
  return stages;
}

function readGuards(written: PlanText, report: Report): Plan['guards'] {
  const names = new Set<string>();
  return written.guards.map((guard, at): Guard => {
    if (names.has(guard.name)) {
      report(['guards', at, 'name'], `two guards are named ${guard.name}. Give each its own name.`);
    }
    names.add(guard.name);
    if (BUILT_IN_NAMES.includes(guard.name) && guard.measure !== guard.name) {
      report(['guards', at, 'name'], `${guard.name} is the name of a guard that every plan has. Choose another name.`);
    }
    const windowMs =
      guard.window === undefined
        ? guard.measure === 'restarts'
          ? LONGEST_WINDOW_MS
          : DEFAULT_WINDOW_MS
        : (parseDurationMs(guard.window) as number);
    if (windowMs < 1_000 || windowMs > LONGEST_WINDOW_MS) {
      report(['guards', at, 'window'], `window is ${guard.window}; allowed: from 1s to 15m.`);
    }
    const limit = readLimit(guard, (message) => report(['guards', at, 'limit'], message));
    const wanted = guard.test ?? written.test ?? 'sequential';
    const canBeSequential = limit.kind === 'error-share' || limit.kind === 'slow-share';
    return {
      name: guard.name,
      measure: guard.measure,
      limit,
      limitText: String(guard.limit),
      windowMs,
      onBreach: guard.onBreach,
      test: canBeSequential ? wanted : 'threshold',
    };
  });
}

type GuardText = PlanText['guards'][number];

function readLimit({ measure, comparedTo, limit }: GuardText, report: (message: string) => void): Limit {
  const text = String(limit);
  const wrong = (allowed: string): Limit => {
    report(`limit of ${measure}${comparedTo ? ` compared to ${comparedTo}` : ''} is ${text}; allowed: ${allowed}.`);
    return { kind: 'count', count: 0 };
  };
  if (measure === 'mismatches' || measure === 'restarts') {
    return typeof limit === 'number' && Number.isInteger(limit) && limit >= 0 && comparedTo === undefined
      ? { kind: 'count', count: limit }
      : wrong('a whole number from 0, without comparedTo');
  }
  if (comparedTo !== undefined) {
    const factor = parseFactor(text);
    return factor !== undefined && factor >= 1
      ? { kind: 'ratio', of: measure, factor }
      : wrong('a factor from 1x, such as 1.5x');
  }
  if (measure === 'error-rate') {
    const share = parseShare(text);
    return share !== undefined && share > 0 && share < 1
      ? { kind: 'error-share', share }
      : wrong('a percentage above 0% and below 100%, such as 1%');
  }
  const ms = parseDurationMs(text);
  if (ms === undefined || ms <= 0) {
    return wrong('a duration, such as 200ms');
  }
  return measure === 'latency-mean'
    ? { kind: 'mean', seconds: ms / 1_000 }
    : { kind: 'slow-share', share: P95_SHARE_OVER, seconds: ms / 1_000 };
}

const HASH_DIGITS = 12;

/** The first hex digits of the SHA-256 of what the file says, as JSON whose keys are sorted: what defaults fill in is not in it. */
function hashOf(written: PlanText): string {
  const sorted = (_: string, value: unknown) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  return hash('sha256', JSON.stringify(written, sorted)).slice(0, HASH_DIGITS);
}

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
