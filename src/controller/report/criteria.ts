import { formatCount, formatPercent, formatSeconds, formatValue } from '../../contract/wording/format.ts';
import { type Block, table } from './blocks.ts';
import type { Check, ReportFacts, StageRecord } from './facts.ts';
import { consistencyOf, type Mark, markOfCheck, markOfChecks, markOfLatency, markOfVerdict, overall } from './marks.ts';
import { concurrencyOf, MEAN_LIMIT_SECONDS, P95_LIMIT_SECONDS } from './tables.ts';
import type { ReportTexts } from './texts-en.ts';

const WATCH_MS = 24 * 3_600_000;

const saidOf = (checks: readonly Check[]): string =>
  checks
    .map((check) => `${markOfCheck(check)} ${check.name}${check.detail === '' ? '' : `: ${check.detail}`}`)
    .join('; ');

/** The team's criteria, each by the stages that were entered so far. */
export function criteria({ status }: ReportFacts, records: readonly StageRecord[], texts: ReportTexts): Block {
  const entered = records.filter(({ state }) => state !== 'ahead');
  const names = texts.criteriaNames;
  const row = (name: string, mark: Mark, evidence: string) => [
    name,
    mark,
    evidence === '' ? texts.noEvidence : evidence,
  ];
  const perStage = (describe: (record: StageRecord) => string | undefined) =>
    entered
      .flatMap((record) => {
        const said = describe(record);
        return said === undefined ? [] : [`${formatPercent(record.percent)}: ${said}`];
      })
      .join('; ');
  const latencyCriterion = (name: string, measure: 'latency-mean' | 'latency-p95', limit: number) => {
    const key = measure === 'latency-p95' ? 'p95Seconds' : 'meanSeconds';
    const valueIn = ({ evidence }: StageRecord) => evidence?.measured?.domain[key] ?? null;
    const said = perStage((record) => (valueIn(record) === null ? undefined : formatSeconds(valueIn(record))));
    return row(name, overall(entered.map((record) => markOfLatency(record, measure, limit))), said);
  };
  const checks = entered.flatMap((record) => record.checks);
  const fallback = checks.filter(({ name }) => name.startsWith('fallback'));
  const onDomain = checks.filter(({ path }) => path === 'domain');
  const concurrency = entered.flatMap((record) => concurrencyOf(record) ?? []);
  const fallen = entered.filter(({ state }) => state === 'rolled-back');
  const isWatched = status.state.phase === 'complete' && (status.healthyMs ?? 0) >= WATCH_MS;
  return table(
    [texts.criterion, texts.result, texts.evidence],
    [
      latencyCriterion(names.mean, 'latency-mean', MEAN_LIMIT_SECONDS),
      latencyCriterion(names.p95, 'latency-p95', P95_LIMIT_SECONDS),
      row(names.concurrency, markOfChecks(concurrency), saidOf(concurrency)),
      row(
        names.consistency,
        overall(
          entered.map((record) => {
            const verdict = consistencyOf(record);
            return verdict === undefined ? '⏳' : markOfVerdict(verdict);
          }),
        ),
        perStage((record) => {
          const verdict = consistencyOf(record);
          return verdict?.value == null ? undefined : formatValue(verdict);
        }),
      ),
      row(names.fallback, markOfChecks(fallback), saidOf(fallback)),
      row(
        names.functional,
        markOfChecks(onDomain),
        perStage(
          ({ checks: made }) =>
            made.find(({ path }) => path === 'domain') &&
            formatCount(made.filter(({ path }) => path === 'domain').length),
        ),
      ),
      row(
        names.noRollback,
        fallen.length > 0 ? '❌' : entered.some(({ state }) => state === 'passed') ? '✅' : '⏳',
        fallen.map(({ left }) => left?.text ?? '').join('; ') || perStage(({ state }) => texts.states[state]),
      ),
      row(names.watch, isWatched ? '✅' : '⏳', ''),
    ],
  );
}
