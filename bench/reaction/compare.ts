import type { Breach } from '../../src/dev/demo/breach.ts';
import { quantile } from '../statistics.ts';
import { table } from '../table.ts';
import type { Series } from './series.ts';
import type { Answered } from './strangers.ts';

export type Tree = 'this tree' | 'the baseline';

/** What was measured of one series, over all rounds. */
export type SeriesResult = {
  readonly series: Series;
  readonly tree: Tree;
  readonly breaches: readonly Breach[];
  /** What readers were answered, where there were any. */
  readonly answered: Answered;
};

export type Target = { readonly text: string; readonly met: boolean };

/** What strangers, a hanging journal or a newer tree may add to a reaction. */
const MOST_ADDED_MS = 50;

type Step = { readonly name: string; readonly of: (breach: Breach) => number };

const TO_SEEN: Step = { name: 'fault to seen', of: ({ faultAtMs, seenAtMs }) => seenAtMs - faultAtMs };
const TO_WRITTEN: Step = { name: 'seen to written', of: ({ seenAtMs, writtenAtMs }) => writtenAtMs - seenAtMs };
const TO_SERVED: Step = {
  name: 'written to all replicas at 0',
  of: ({ writtenAtMs, confirmedAtMs }) => confirmedAtMs - writtenAtMs,
};
const REACTION: Step = {
  name: 'seen to all replicas at 0',
  of: ({ seenAtMs, confirmedAtMs }) => confirmedAtMs - seenAtMs,
};
const WHOLE: Step = {
  name: 'fault to all replicas at 0',
  of: ({ faultAtMs, confirmedAtMs }) => confirmedAtMs - faultAtMs,
};
const STEPS = [TO_SEEN, TO_WRITTEN, TO_SERVED, REACTION, WHOLE];

export const at = (values: readonly number[], q: number) =>
  quantile(
    values.toSorted((a, b) => a - b),
    q,
  );

const stepAt = ({ breaches }: SeriesResult, { of }: Step, q: number) => at(breaches.map(of), q);

/** The same series with nothing beside it, of the same tree. */
const calmOf = (result: SeriesResult, all: readonly SeriesResult[]) =>
  all.find(
    ({ series, tree }) =>
      series.beside === 'nothing' &&
      tree === result.tree &&
      series.signal === result.series.signal &&
      series.fault === result.series.fault &&
      series.percent === result.series.percent,
  );

const baselineOf = ({ series, tree }: SeriesResult, all: readonly SeriesResult[]) =>
  tree === 'the baseline' ? undefined : all.find((each) => each.series === series && each.tree === 'the baseline');

/** Each step of the reaction where two can be compared: beside something and calm, or of both trees. */
export function renderComparison(results: readonly SeriesResult[]): readonly string[] {
  const compared = results.filter(
    ({ series }) =>
      results.some((other) => other.series !== series && calmOf(other, results)?.series === series) ||
      results.some((other) => other.series === series && baselineOf(other, results) !== undefined) ||
      series.beside !== 'nothing',
  );
  if (compared.length === 0) {
    return [];
  }
  const rows = compared.map((result) => {
    const calm = result.series.beside === 'nothing' ? undefined : calmOf(result, results);
    return [
      result.series.name,
      result.tree,
      String(result.breaches.length),
      ...STEPS.map((step) => pair((q) => stepAt(result, step, q))),
      calm === undefined ? '' : pair((q) => stepAt(result, REACTION, q) - stepAt(calm, REACTION, q), '+'),
      calm === undefined ? '' : pair((q) => stepAt(result, WHOLE, q) - stepAt(calm, WHOLE, q), '+'),
    ];
  });
  const head = [
    'series',
    'of',
    'breaches',
    ...STEPS.map(({ name }) => name),
    'more than calm, from seen',
    'more than calm, from the fault',
  ];
  return ['Milliseconds of each step, P50 / P95.', '', table(head, rows, 2), '', ...results.flatMap(renderReaders)];
}

function renderReaders({ series, tree, answered: { answered, refused, failed } }: SeriesResult): readonly string[] {
  return series.beside === 'readers'
    ? [
        `${series.name}, ${tree}: readers were answered ${answered} times, refused ${refused} times, and ${failed} requests failed.`,
        '',
      ]
    : [];
}

const pair = (value: (q: number) => number, sign: '+' | '' = ''): string =>
  [0.5, 0.95].map((q) => signed(value(q), sign)).join(' / ');

const signed = (ms: number, sign: '+' | '') => `${ms >= 0 ? sign : ''}${ms.toFixed(0)}`;

/** What this tree's reaction is held to, beside its own limits. */
export function comparedTargetsOf(result: SeriesResult, all: readonly SeriesResult[]): readonly Target[] {
  const calm = result.series.beside === 'nothing' ? undefined : calmOf(result, all);
  const baseline = baselineOf(result, all);
  const atMost = (what: string, step: Step, q: number, than: SeriesResult): Target => {
    const [own, other] = [stepAt(result, step, q), stepAt(than, step, q)];
    return {
      text: `${result.series.name}: ${step.name}, P${q * 100} ${own.toFixed(0)} ms, ${what} ${other.toFixed(0)} ms; at most ${MOST_ADDED_MS} ms more`,
      met: own - other <= MOST_ADDED_MS,
    };
  };
  return [
    ...(calm === undefined ? [] : [atMost('calm', TO_SEEN, 0.5, calm), atMost('calm', REACTION, 0.95, calm)]),
    ...(baseline === undefined ? [] : [atMost('the baseline', WHOLE, 0.95, baseline)]),
  ];
}
