import type { StatusAnswer } from '../../contract/schemas.ts';
import { formatCount, formatPercent, formatValue, NOTHING } from '../../contract/wording/format.ts';
import type { VerdictAnswer } from '../../rollout/evidence-schema.ts';
import type { View } from '../terminal/output.ts';
import { hanging, table } from '../terminal/text.ts';

const MARKS: Readonly<Record<VerdictAnswer['kind'], string>> = {
  healthy: '✔ healthy',
  breached: '✖ breached',
  'no-data': '? no data',
  'too-few-samples': '… too few samples',
  'source-error': '! source error',
};

const ACTS: Readonly<Record<VerdictAnswer['onBreach'], string>> = {
  off: 'drops the percent to 0 %',
  previous: 'goes back a stage',
  hold: 'holds the rollout',
};

/** Each guard by each source: what it found against what is allowed, and how sure it is. */
export function renderGuards({ verdicts }: StatusAnswer, { paint, columns }: View): string[] {
  if (verdicts.length === 0) {
    return [paint.bold('Guards'), '  none has a verdict yet'];
  }
  const head = ['Guards', 'value', 'limit', 'samples', 'evidence', 'source', 'verdict'];
  const [first = '', ...rows] = table(
    [
      head,
      ...verdicts.map((verdict) => [
        `  ${verdict.guard}`,
        formatValue(verdict),
        verdict.limitText,
        formatCount(verdict.samples),
        formatEvidence(verdict.evidence),
        verdict.source,
        MARKS[verdict.kind],
      ]),
    ],
    [{ shrinks: true }, { side: 'right' }, { side: 'right' }, { side: 'right' }, { side: 'right' }, {}, {}],
    columns,
  );
  const color = ({ kind }: VerdictAnswer) =>
    kind === 'healthy' ? paint.green : kind === 'breached' ? paint.red : paint.yellow;
  return [
    paint.bold(first),
    ...verdicts.flatMap((verdict, at) => {
      const mark = MARKS[verdict.kind];
      const row = rows[at] ?? '';
      const colored = row.endsWith(mark) ? row.slice(0, -mark.length) + color(verdict)(mark) : row;
      return [
        colored,
        ...explain(verdict)
          .flatMap((text) => hanging('    ', text, columns))
          .map(paint.dim),
      ];
    }),
  ];
}

function explain({ kind, onBreach, detail }: VerdictAnswer): string[] {
  const act = kind === 'breached' ? [`a breach ${ACTS[onBreach]}`] : [];
  const text = [...act, ...(detail === '' ? [] : [detail])].join('; ');
  return text === '' ? [] : [text];
}

/** How far the proof of a breach has come. */
function formatEvidence(evidence: number | null): string {
  return evidence === null ? NOTHING : evidence >= 1 ? 'proven' : formatPercent(Math.floor(evidence * 100));
}
