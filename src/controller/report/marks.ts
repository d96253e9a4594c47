import type { VerdictAnswer } from '../../rollout/evidence-schema.ts';
import type { Check, StageRecord } from './facts.ts';

/** ✅ only where evidence shows it; without any it is ⏳, never ✅. */
export type Mark = '✅' | '❌' | '⏳';

export function markOfVerdict({ kind }: VerdictAnswer): Mark {
  return kind === 'healthy' ? '✅' : kind === 'breached' ? '❌' : '⏳';
}

/** A latency of a stage against the success criteria; a guard that found a breach of the same measure wins. */
export function markOfLatency(
  { evidence }: StageRecord,
  measure: 'latency-p95' | 'latency-mean',
  limitSeconds: number,
): Mark {
  const isBreached = evidence?.verdicts.some(
    (verdict) => verdict.measure === measure && verdict.kind === 'breached' && !verdict.limitText.endsWith('x'),
  );
  const value = evidence?.measured?.domain[measure === 'latency-p95' ? 'p95Seconds' : 'meanSeconds'];
  return isBreached ? '❌' : markOfLimit(value, limitSeconds);
}

function markOfLimit(value: number | null | undefined, limit: number): Mark {
  return value === null || value === undefined ? '⏳' : value < limit ? '✅' : '❌';
}

/** One failed is a failure; one that was left out is no evidence. */
export function markOfChecks(checks: readonly Check[]): Mark {
  if (checks.some(({ result }) => result === 'failed')) {
    return '❌';
  }
  return checks.some(({ result }) => result === 'passed') ? '✅' : '⏳';
}

export const markOfCheck = ({ result }: Check): Mark =>
  result === 'passed' ? '✅' : result === 'failed' ? '❌' : '⏳';

/** Of all stages that were entered: one that failed is a failure, and one without evidence leaves all without. */
export function overall(marks: readonly Mark[]): Mark {
  if (marks.includes('❌')) {
    return '❌';
  }
  return marks.length === 0 || marks.includes('⏳') ? '⏳' : '✅';
}

/** By its worst source, or one that has a note: single writes, or a check of all records. */
export function consistencyOf({ evidence }: StageRecord): VerdictAnswer | undefined {
  const verdicts = evidence?.verdicts.filter(({ measure }) => measure === 'mismatches') ?? [];
  const worst = verdicts.find(({ kind }) => kind === 'breached') ?? verdicts.find(({ detail }) => detail !== '');
  return worst ?? verdicts[0];
}

/** A stage is passed once it was left upwards, and failed once it was rolled back. */
export function markOfStage({ state }: StageRecord): Mark {
  return state === 'passed' ? '✅' : state === 'rolled-back' ? '❌' : '⏳';
}
