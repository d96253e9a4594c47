import type { Breach } from '../../src/dev/demo/breach.ts';
import { bar } from '../calm/text.ts';
import { quantile } from '../statistics.ts';
import { table } from '../table.ts';
import type { Series } from './series.ts';

export type SeriesResult = { readonly series: Series; readonly breaches: readonly Breach[] };

const BREAKER_MS = 300;
const SERVED_MS = 100;
/** A full bar. */
const CHART_MS = 5_000;

type Target = { readonly text: string; readonly met: boolean };

export function renderReaction(results: readonly SeriesResult[]): string {
  const head = [
    'signal',
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
  const targets = results.flatMap(targetsOf);
  return [
    'Milliseconds from the fault, P50 / P95.',
    '',
    table(head, results.map(row), 2),
    '',
    '```text',
    'median time from the fault to the last domain request, and to the proof that every replica serves 0 %',
    ...results.flatMap(chart),
    '```',
    '',
    ...targets.map(({ text, met }) => `- ${met ? 'met' : 'MISSED'}: ${text}`),
    '',
    targets.every(({ met }) => met) ? 'Every target was met.' : 'A target was missed.',
  ].join('\n');
}

export function targetsOf({ series, breaches }: SeriesResult): readonly Target[] {
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

function row({ series, breaches }: SeriesResult): string[] {
  const since = (of: (breach: Breach) => number) => {
    const values = breaches.map((breach) => of(breach) - breach.faultAtMs);
    return `${at(values, 0.5).toFixed(0)} / ${at(values, 0.95).toFixed(0)}`;
  };
  const slow = breaches.map(({ clients }) => clients.slow);
  return [
    series.signal,
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

function chart({ series: { signal, fault, percent }, breaches }: SeriesResult): string[] {
  const line = (title: string, what: string, of: (breach: Breach) => number) => {
    const ms = at(
      breaches.map((breach) => of(breach) - breach.faultAtMs),
      0.5,
    );
    return `${title.padEnd(62)}${what.padEnd(10)}${bar(ms / CHART_MS)}${(ms / 1_000).toFixed(2).padStart(6)} s`;
  };
  return [
    line(`${signal}, ${percent} %: ${fault}`, 'last', ({ lastDomainAtMs }) => lastDomainAtMs),
    line('', 'confirmed', ({ confirmedAtMs }) => confirmedAtMs),
  ];
}

const at = (values: readonly number[], q: number) =>
  quantile(
    values.toSorted((a, b) => a - b),
    q,
  );
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
