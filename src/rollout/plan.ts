import { hash } from 'node:crypto';
import { type Document, isMap, isPair, LineCounter, type Node, parseDocument } from 'yaml';
import { ExpectedError } from '../kit/expected-error.ts';
import { compile } from '../kit/schema.ts';
import { inWords, type Wrong } from '../kit/schema-errors.ts';
import { BUILT_IN_NAMES } from './built-in.ts';
import { PlanText } from './plan-schema.ts';
import type { Guard, Limit, Plan } from './plan-types.ts';
import { parseDurationMs, parseFactor, parseShare } from './units.ts';

export type { Plan } from './plan-types.ts';

export type PlanProblem = { readonly line: number; readonly message: string };

/** What is wrong with a plan, one line of text for each problem. */
export class PlanError extends ExpectedError {
  override readonly name = 'PlanError';
  readonly problems: readonly PlanProblem[];

  constructor(problems: readonly PlanProblem[], file = 'the plan') {
    super(problems.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

const DEFAULT_WINDOW_MS = 60_000;
const P95_SHARE_OVER = 0.05;
/** What 50 stages and 50 guards need many times over; the YAML parser takes a square of time for keys. */
const LARGEST_PLAN_BYTES = 32 * 1024;
/** The controller renews every third of a lease; below this, a slow tick would end it. */
const SHORTEST_LEASE_MS = 5_000;
const LONGEST_WINDOW_MS = 15 * 60_000;

const check = compile(PlanText);

/** @param file how errors name the plan. @throws PlanError naming each problem with its line. */
export function parsePlan(text: string, file = 'rollout.yaml'): Plan {
  if (text.length > LARGEST_PLAN_BYTES) {
    throw new PlanError(
      [{ line: 1, message: `a plan may have ${LARGEST_PLAN_BYTES} characters; got ${text.length}` }],
      file,
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, maxAliasCount: 0 } as object);
  if (document.errors.length > 0) {
    throw new PlanError(
      document.errors.map(({ pos, message }) => ({
        line: lines.linePos(pos[0]).line,
        message: message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'no YAML',
      })),
      file,
    );
  }
  const lineOf = (path: readonly (string | number)[]) => lineAt(document, lines, path);
  const checked = check(toJs(document, file));
  if (!checked.ok) {
    throw new PlanError(describeWrongs(checked.wrong, lineOf), file);
  }
  const problems: PlanProblem[] = [];
  const plan = readPlan(checked.value, (path, message) => problems.push({ line: lineOf(path), message }));
  if (problems.length > 0) {
    throw new PlanError(problems, file);
  }
  return plan;
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

function toJs(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new PlanError([{ line: 1, message: (error as Error).message }], file);
  }
}

type Report = (path: readonly (string | number)[], message: string) => void;

function readPlan(written: PlanText, report: Report): Plan {
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
  const confidence = parseShare(written.confidence ?? '99.9%') as number;
  if (confidence < 0.9 || confidence >= 1) {
    report(['confidence'], `confidence is ${written.confidence}; allowed: from 90% to below 100%.`);
  }
  const names = new Set<string>();
  const guards = written.guards.map((guard, at): Guard => {
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
  const leaseMs = written.lease === undefined ? undefined : (parseDurationMs(written.lease) as number);
  if (leaseMs !== undefined && leaseMs < SHORTEST_LEASE_MS) {
    report(['lease'], `lease is ${written.lease}; allowed: at least ${SHORTEST_LEASE_MS / 1_000}s.`);
  }
  return {
    hash: hashOf(written),
    rollout: written.rollout,
    flag: written.flag,
    endpoint: written.endpoint,
    stages,
    watchMs: parseDurationMs(written.watch ?? '24h') as number,
    guards,
    confidence,
    minSamples: written.minSamples ?? 200,
    leaseMs,
    afterRollback: written.afterRollback ?? 'person',
    rollbackWith: written.rollbackWith ?? 'variant',
  };
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

function describeWrongs(
  wrongs: readonly Wrong[],
  lineOf: (path: readonly (string | number)[]) => number,
): PlanProblem[] {
  return wrongs
    .map((wrong) => {
      const place = wrong.at.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
      return {
        line: lineOf(wrong.kind === 'unknown' ? [...place, wrong.key] : place),
        message: `${inWords(wrong, 'the plan')}.`,
      };
    })
    .sort((a, b) => a.line - b.line);
}

/** The line of the node at `path`, or of the nearest one above it that exists. */
function lineAt(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const start = startOf(document, path.slice(0, length));
    if (start !== undefined) {
      return lines.linePos(start).line;
    }
  }
  return 1;
}

function startOf(document: Document, path: readonly (string | number)[]): number | undefined {
  const parent = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && String(item.key) === String(path.at(-1)));
    return (pair?.key as Node | undefined)?.range?.[0];
  }
  return (document.getIn(path, true) as Node | undefined)?.range?.[0];
}
