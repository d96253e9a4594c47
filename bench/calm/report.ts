import { availableParallelism } from 'node:os';
import { formatShare } from '../../src/contract/wording/format.ts';
import { table } from '../table.ts';
import { ALPHA, CONFIDENCE, TICK_MS } from './cases.ts';
import { LOG_SPREAD } from './latency.ts';
import { brokenPromises, type CalmResults, type CaseResult, type Delay, delayOf, falseAlarmsOf } from './results.ts';
import { bar, count, logBar, seconds } from './text.ts';
import { WATCHERS, type Watcher } from './watch.ts';

const NAMES: Readonly<Record<Watcher, string>> = {
  sluice: 'sluice',
  window: 'last minute',
  window200: 'last minute, ≥ 200 samples',
};
const CHART_PER_SECOND = 25;

/** The results as Markdown, ready for the docs. */
export function renderCalm(results: CalmResults): string {
  const { healthyHours, goodHours } = results.options;
  const broken = brokenPromises(results);
  const of = (kind: string) => results.cases.filter(({ simulated }) => simulated.kind === kind);
  return [
    ...facts(results).map((fact) => `- ${fact}`),
    `\n### Healthy paths rolled back within ${healthyHours} h\n`,
    falseAlarmTable(of('healthy')),
    `\n### Time to find a path that is over the limit from its stage's beginning\n`,
    delayTable(of('early')),
    `\n### Time to find a decay that begins after ${plural(goodHours)} (0.5 % errors, P95 = 150 ms)\n`,
    delayTable(of('late')),
    '\n### Failures in a row until a dead path is found, looked at after each\n',
    deadPathTable(results),
    `\n### At ${CHART_PER_SECOND} requests/s\n`,
    '```text',
    ...charts(of('healthy'), of('late')),
    '```',
    '',
    ...(broken.length === 0 ? ['Every promise held.'] : broken.map((promise) => `**Broken:** ${promise}`)),
    '',
  ].join('\n');
}

const plural = (goodHours: number) => `${goodHours} good hour${goodHours === 1 ? '' : 's'}`;

const facts = ({ options, elapsedMs }: CalmResults) => [
  `Seed ${options.seed}; ${options.runs} runs of each case; Node ${process.version}, ${availableParallelism()} cores, ${seconds(elapsedMs / 1_000)}`,
  `Looked at every ${TICK_MS / 1_000} s; requests arrive at random (Poisson), each bad or not by itself`,
  `Confidence ${formatShare(CONFIDENCE)}: a test of either guard may be wrong about a healthy path with a chance of ${formatShare(ALPHA)}, however long it runs`,
  `Latencies are log-normal, ln σ = ${LOG_SPREAD}; the P95 guard counts requests over its limit, of which 5 % are allowed`,
  'Last minute: the plain limit on the trials of the last 60 s, looked at as often, with no samples required or with 200',
  'Times run from the change to the end of the tick that found it, and leave out runs already rolled back before the change',
];

function falseAlarmTable(cases: readonly CaseResult[]): string {
  const rows = cases.map((result) => {
    const { guard, good, perSecond } = result.simulated;
    const cells = WATCHERS.map((watcher) => {
      const { runs, medianFirstSeconds } = falseAlarmsOf(result, watcher);
      const after = runs === 0 ? '' : ` (after ${seconds(medianFirstSeconds)})`;
      return watcher === 'sluice'
        ? `${runs} of ${result.outcomes.length}`
        : `${formatShare(runs / result.outcomes.length)}${after}`;
    });
    return [guard, good.label, `${perSecond}`, ...cells];
  });
  return table(['limit', 'truth', 'requests/s', ...WATCHERS.map((watcher) => NAMES[watcher])], rows, 2);
}

function delayTable(cases: readonly CaseResult[]): string {
  const rows = cases.flatMap((result) =>
    result.simulated.thens.map((then, thenAt) => {
      const delays = WATCHERS.map((watcher) => delayOf(result, thenAt, watcher));
      const { guard, perSecond } = result.simulated;
      const requests = count(delays[0]?.medianRequests ?? Number.NaN);
      return [guard, then.label, `${perSecond}`, requests, ...delays.map(delayCell)];
    }),
  );
  const names = WATCHERS.map((watcher) => `${NAMES[watcher]}: median / P95`);
  return table(['limit', 'truth', 'requests/s', 'sluice: requests', ...names], rows, 2);
}

function delayCell({ falseBefore, found, medianSeconds, p95Seconds }: Delay): string {
  const before = falseBefore < 0.0005 ? '' : ` (${formatShare(falseBefore)} rolled back before)`;
  if (falseBefore === 1) {
    return 'all rolled back before';
  }
  return found === 0 ? `never${before}` : `${seconds(medianSeconds)} / ${seconds(p95Seconds)}${before}`;
}

const deadPathTable = ({ deadPaths, options }: CalmResults) =>
  table(
    ['limit', 'when', 'requests/s before', 'failures (most of 20 runs)', 'promised'],
    deadPaths.map(({ guard, when, perSecond, failures, promised }) => [
      guard,
      when === 'early' ? 'at the beginning' : `after ${plural(options.goodHours)}`,
      when === 'early' ? '–' : `${perSecond}`,
      `${failures}`,
      promised === undefined ? '–' : `≤ ${promised}`,
    ]),
    2,
  );

function charts(healthy: readonly CaseResult[], late: readonly CaseResult[]): string[] {
  const shown = ({ simulated }: CaseResult) => simulated.perSecond === CHART_PER_SECOND;
  const line = (label: string, watcher: Watcher, drawn: string, value: string) =>
    `${label.padEnd(42)} ${NAMES[watcher].padEnd(27)} ${drawn} ${value}`;
  return [
    'healthy runs rolled back (a full bar is all of them)',
    ...healthy.filter(shown).flatMap((result) =>
      WATCHERS.map((watcher, at) => {
        const part = falseAlarmsOf(result, watcher).runs / result.outcomes.length;
        return line(
          at === 0 ? `${result.simulated.guard}: ${result.simulated.good.label}` : '',
          watcher,
          bar(part),
          formatShare(part),
        );
      }),
    ),
    '',
    'median time to find a late decay, by Sluice (each step of the bar is the same factor, from 1 s to 1 h)',
    ...late.filter(shown).flatMap((result) =>
      result.simulated.thens.map((then, thenAt) => {
        const { medianSeconds } = delayOf(result, thenAt, 'sluice');
        return line(
          `${result.simulated.guard}: ${then.label}`,
          'sluice',
          logBar(medianSeconds),
          seconds(medianSeconds),
        );
      }),
    ),
  ];
}
