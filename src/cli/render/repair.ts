import type { RecordResult } from '../../consistency/repair.ts';
import { REPAIRED_FIELDS, type Reason } from '../../consistency/repair-rules.ts';
import { formatCount } from '../../contract/wording/format.ts';
import type { Paint } from '../terminal/output.ts';
import { printable } from '../terminal/text.ts';

const FIELDS = [...REPAIRED_FIELDS, 'version'] as const;
const WORDS: Readonly<Record<RecordResult['result'], string>> = {
  'would-repair': 'would be repaired',
  repaired: 'repaired',
  'would-undo': 'would be undone',
  undone: 'undone',
  refused: 'refused',
  'done-before': 'done before',
};

/** One record: what becomes of each field, and why. Its texts are as they are in JSON, and cannot steer a terminal. */
export function renderResult({ violationId, result, before, after, why }: RecordResult, paint: Paint): string {
  const color = result === 'refused' ? paint.red : result.startsWith('would') ? paint.yellow : paint.green;
  const head = `record ${violationId}: ${color(WORDS[result])}`;
  if (before === undefined || after === undefined || typeof why === 'string') {
    return `${head}: ${printable(typeof why === 'string' ? why : '')}\n`;
  }
  const lines: string[] = [];
  for (const field of FIELDS) {
    const reasons = why.filter((reason) => reason.field === field).map(({ text }) => text);
    if (before[field] !== after[field]) {
      const [first] = reasons.splice(0, 1);
      lines.push(
        line(field, `${show(before[field])} → ${show(after[field])}${first === undefined ? '' : `: ${first}`}`),
      );
    }
    lines.push(...reasons.map((text) => line(field, text)));
  }
  lines.push(...why.filter(({ field }) => field === 'write_id').map(({ field, text }) => line(field, text)));
  return `${head}\n${printable(lines).join('\n')}\n`;
}

const line = (field: string, text: string) => `  ${field.padEnd(10)}  ${text}`;
const show = (value: string | number | null) => (value === null ? 'nothing' : JSON.stringify(value));

/** `2 repaired, 1 refused, 40 done before`; what there is none of is left out. */
export function renderCounts(counts: ReadonlyMap<RecordResult['result'], number>): string {
  const parts = Array.from(counts, ([result, count]) => `${formatCount(count)} ${WORDS[result]}`);
  return parts.length === 0 ? 'no record' : parts.join(', ');
}

export const resultInJson = ({ violationId, result, before, after, why }: RecordResult) => ({
  violation_id: violationId,
  result,
  before: before ?? null,
  after: after ?? null,
  why: typeof why === 'string' ? [why] : why.map(({ field, text }: Reason) => `${field}: ${text}`),
});
