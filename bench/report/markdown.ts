import type { Turn } from '../rounds.ts';
import { median } from '../statistics.ts';
import { table } from '../table.ts';
import { BASELINE, VARIANTS, type Variant } from '../variants.ts';
import type { Results } from './results.ts';

/** The results as Markdown, ready for the docs. Every number is the median of the rounds. */
export function renderResults(results: Results): string {
  const { rounds, measureMs, connectionCounts } = results.options;
  return [
    ...Object.entries(results.facts).map(([name, value]) => `- ${name}: ${value}`),
    `- Medians of ${rounds} interleaved rounds of ${measureMs / 1000} s each; ratio: throughput to “${BASELINE}”, round by round`,
    ...connectionCounts.flatMap((connections) => [
      '',
      `### ${connections} connections`,
      '',
      loadTable(results.turns, connections),
    ]),
    '',
    '### One routing decision',
    '',
    decisionTable(results),
    '',
    '### Memory after the load',
    '',
    memoryTable(results),
    '',
  ].join('\n');
}

function loadTable(turns: readonly Turn[], connections: number): string {
  const head = [
    'variant',
    'requests/s',
    'mean ms',
    'P50 ms',
    'P95 ms',
    'P99 ms',
    'server CPU µs/request',
    'PostgreSQL CPU µs/request',
    'ratio (lowest–highest)',
  ];
  const rows = VARIANTS.map((variant) => {
    const own = turnsOf(turns, variant, connections);
    const medianOf = (pick: (turn: Turn) => number, digits: number) => median(own.map(pick)).toFixed(digits);
    return [
      variant,
      medianOf((turn) => turn.perSecond, 0),
      medianOf((turn) => turn.meanMs, 2),
      medianOf((turn) => turn.p50Ms, 2),
      medianOf((turn) => turn.p95Ms, 2),
      medianOf((turn) => turn.p99Ms, 2),
      medianOf((turn) => turn.serverCpuUs, 0),
      medianOf((turn) => turn.postgresCpuUs, 0),
      ratioCell(ratios(turns, variant, connections)),
    ];
  });
  return table(head, rows);
}

/** @returns for each round, the throughput of `variant` as a share of the baseline's in the same round. */
function ratios(turns: readonly Turn[], variant: Variant, connections: number): number[] {
  const baseline = turnsOf(turns, BASELINE, connections);
  return turnsOf(turns, variant, connections).map(
    ({ round, perSecond }) => perSecond / (baseline.find((turn) => turn.round === round)?.perSecond ?? Number.NaN),
  );
}

const ratioCell = (values: readonly number[]) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;

const turnsOf = (turns: readonly Turn[], variant: Variant, connections: number) =>
  turns.filter((turn) => turn.variant === variant && turn.connections === connections);

function decisionTable({ decision }: Results): string {
  return table(
    ['what', 'µs'],
    [
      ['the bare SDK call, `getNumberDetails`', decision.bareSdkUs.toFixed(1)],
      ['the decision: evaluation, bucket, decide, both counts', decision.decisionUs.toFixed(1)],
      ['the whole router around a path that does nothing', decision.routedDomainUs.toFixed(1)],
    ],
  );
}

function memoryTable({ memory }: Results): string {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  return table(
    ['variant', 'RSS MiB', 'heap used MiB'],
    memory.map(({ variant, residentBytes, heapUsedBytes }) => [variant, mib(residentBytes), mib(heapUsedBytes)]),
  );
}
