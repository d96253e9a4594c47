import {
  formatBytes,
  formatCount,
  formatMeasured,
  formatPercent,
  formatSeconds,
  formatShare,
  formatValue,
} from '../../contract/wording/format.ts';
import { type Block, table } from './blocks.ts';
import type { Check, StageRecord } from './facts.ts';
import { consistencyOf, markOfCheck, markOfLatency, markOfVerdict } from './marks.ts';
import type { ReportTexts } from './texts-en.ts';

export const MEAN_LIMIT_SECONDS = 0.1;
export const P95_LIMIT_SECONDS = 0.2;

const stageName = ({ percent }: StageRecord) => formatPercent(percent);

/** Each check by its path, and what it gave in each stage. */
export function functionalTable(records: readonly StageRecord[], texts: ReportTexts): Block {
  const keyOf = ({ path, name }: Check) => `${path}\u0000${name}`;
  const keys = [...new Set(records.flatMap(({ checks }) => checks.map(keyOf)))];
  const head = [texts.check, texts.path, ...records.map(stageName)];
  if (keys.length === 0) {
    return table(head, [[texts.noChecks, '', ...records.map(() => '⏳')]]);
  }
  return table(
    head,
    keys.map((key) => {
      const [path = '', name = ''] = key.split('\u0000');
      const cells = records.map(({ checks }) => {
        const check = checks.find((each) => keyOf(each) === key);
        const why = check === undefined || check.result === 'passed' ? '' : ` ${check.detail}`;
        return check === undefined ? '⏳' : `${markOfCheck(check)}${why}`;
      });
      return [name, path, ...cells];
    }),
  );
}

/** Response time, concurrency and resource use of the domain path in each stage. */
export function performanceTable(records: readonly StageRecord[], texts: ReportTexts): Block {
  const head = [
    texts.stageHead,
    texts.requests,
    texts.mean,
    texts.p95,
    texts.legacyP95,
    texts.errors,
    texts.fallbacks,
    texts.concurrency,
    texts.resources,
  ];
  const rows = records.map((record) => {
    const measured = record.evidence?.measured;
    const concurrency = concurrencyOf(record);
    if (measured == null) {
      return [stageName(record), ...head.slice(1).map(() => '⏳')];
    }
    const { domain, legacy, fallbacks, cpuCores, residentBytes } = measured;
    const errors = record.evidence?.verdicts.find(({ measure }) => measure === 'error-rate');
    return [
      stageName(record),
      `${formatCount(domain.requests)}/${formatCount(legacy.requests)}`,
      `${markOfLatency(record, 'latency-mean', MEAN_LIMIT_SECONDS)} ${formatSeconds(domain.meanSeconds)}`,
      `${markOfLatency(record, 'latency-p95', P95_LIMIT_SECONDS)} ${formatSeconds(domain.p95Seconds)}`,
      formatSeconds(legacy.p95Seconds),
      `${errors === undefined ? '⏳' : markOfVerdict(errors)} ${formatShare(domain.errorShare)}`,
      formatCount(fallbacks),
      concurrency === undefined ? '⏳' : markOfCheck(concurrency),
      cpuCores === null ? '⏳' : `${formatMeasured(cpuCores)} ${texts.cores}, ${formatBytes(residentBytes)}`,
    ];
  });
  return table(head, rows);
}

export const concurrencyOf = ({ checks }: StageRecord): Check | undefined =>
  checks.find(({ name, path }) => path === 'domain' && /concurren/i.test(name));

export function consistencyTable(records: readonly StageRecord[], texts: ReportTexts): Block {
  return table(
    [texts.stageHead, texts.mismatches, texts.result],
    records.map((record) => {
      const verdict = consistencyOf(record);
      return [
        stageName(record),
        verdict?.value == null ? '⏳' : formatValue(verdict),
        verdict === undefined ? `⏳ ${texts.noEvidence}` : `${markOfVerdict(verdict)} ${verdict.detail}`.trim(),
      ];
    }),
  );
}
