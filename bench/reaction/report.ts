import type { Breach } from '../../src/dev/demo/breach.ts';
import { bar } from '../calm/text.ts';
import { table } from '../table.ts';
import { at, comparedTargetsOf, renderComparison, type SeriesResult, type Target } from './compare.ts';

const BREAKER_MS = 300;
const SERVED_MS = 100;
/** A full bar. */
const CHART_MS = 5_000;

export function renderReaction(results: readonly SeriesResult[]): string {
  const head = [
    'signal',
    'beside it',
    'of',
    'fault',
    '%',
    'requests/s',
    'breaches',
    'seen',
    'written',
    'last domain request',
    'confirmed',
    'failed clients',
    'slow clients',
  ];
  const targets = targetsOf(results);
  return [
    'Milliseconds from the fault, P50 / P95.',
    '',
    table(head, results.map(row), 4),
    '',
    '```text',
    'median time from the fault to the last domain request, and to the proof that every replica serves 0 %',
    ...results.flatMap(chart),
    '```',
    '',
    ...renderComparison(results),
    ...targets.map(({ text, met }) => `- ${met ? 'met' : 'MISSED'}: ${text}`),
    '',
    targets.every(({ met }) => met) ? 'Every target was met.' : 'A target was missed.',
  ].join('\n');
}

/** The baseline has no targets: it is there to be compared with. */
export const targetsOf = (results: readonly SeriesResult[]): readonly Target[] =>
  results
    .filter(({ tree }) => tree === 'this tree')
    .flatMap((result) => [...ownTargetsOf(result), ...comparedTargetsOf(result, results)]);

function ownTargetsOf({ series, breaches }: SeriesResult): readonly Target[] {
  const { name, target, faults, percent } = series;
  const last = breaches.map(({ faultAtMs, lastDomainAtMs }) => lastDomainAtMs - faultAtMs);
  const failed = sum(breaches.map(({ clients }) => clients.failed));
  const served = breaches.map(({ writtenAtMs, confirmedAtMs }) => confirmedAtMs - writtenAtMs);
  const below = (what: string, values: readonly number[], q: number, limit: number): Target => {
    const found = at(values, q);
    return {
      text: `${name}: ${what}, P${q * 100} ${found.toFixed(0)} ms, at most ${limit} ms`,
      met: found <= limit,
    };
  };
  const isDead = faults.domain?.errorPercent === 100 && percent === 25;
  return [
    ...(target?.p50 === undefined ? [] : [below('fault to last domain request', last, 0.5, target.p50)]),
    ...(target === undefined ? [] : [below('fault to last domain request', last, 0.95, target.p95)]),
    below('flag written to served by all replicas', served, 0.95, SERVED_MS),
    ...(isDead
      ? [below('fault to last domain request of a replica, by its breaker', perReplica(breaches), 0.5, BREAKER_MS)]
      : []),
    { text: `${name}: failed clients ${failed}, at most 0`, met: failed === 0 },
  ];
}

const perReplica = (breaches: readonly Breach[]) =>
  breaches.flatMap(({ faultAtMs, lastDomainByReplica }) => lastDomainByReplica.map((atMs) => atMs - faultAtMs));

function row({ series, tree, breaches }: SeriesResult): string[] {
  const since = (of: (breach: Breach) => number) => {
    const values = breaches.map((breach) => of(breach) - breach.faultAtMs);
    return `${at(values, 0.5).toFixed(0)} / ${at(values, 0.95).toFixed(0)}`;
  };
  const slow = breaches.map(({ clients }) => clients.slow);
  return [
    series.signal,
    series.beside,
    tree,
    series.fault,
    String(series.percent),
    String(series.perSecond),
    String(breaches.length),
    since(({ seenAtMs }) => seenAtMs),
    since(({ writtenAtMs }) => writtenAtMs),
    since(({ lastDomainAtMs }) => lastDomainAtMs),
    since(({ confirmedAtMs }) => confirmedAtMs),
    String(sum(breaches.map(({ clients }) => clients.failed))),
    `${at(slow, 0.5)} / ${at(slow, 0.95)}`,
  ];
}

function chart({ series: { signal, fault, percent, beside }, tree, breaches }: SeriesResult): string[] {
  const line = (title: string, what: string, of: (breach: Breach) => number) => {
    const ms = at(
      breaches.map((breach) => of(breach) - breach.faultAtMs),
      0.5,
    );
    return `${title.padEnd(78)}${what.padEnd(10)}${bar(ms / CHART_MS)}${(ms / 1_000).toFixed(2).padStart(6)} s`;
  };
  return [
    line(
      `${signal}, ${percent} %: ${fault}${beside === 'nothing' ? '' : `; ${beside}`}${tree === 'this tree' ? '' : `; ${tree}`}`,
      'last',
      ({ lastDomainAtMs }) => lastDomainAtMs,
    ),
    line('', 'confirmed', ({ confirmedAtMs }) => confirmedAtMs),
  ];
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
