import type { EventAnswer } from '../../contract/schemas.ts';
import { formatTime } from '../../contract/wording/format.ts';
import type { View } from '../terminal/output.ts';
import { hanging } from '../terminal/text.ts';

/** One event: when, what, from where to where and by whom, then the sentence. */
export function renderEvent({ at, kind, from, to, actor, text }: EventAnswer, { paint, columns }: View): string {
  const color = ['rolled-back', 'unconfirmed', 'trouble'].includes(kind)
    ? paint.red
    : ['refused', 'paused', 'approval-needed', 'adopted'].includes(kind)
      ? paint.yellow
      : paint.bold;
  const move = to === null ? '' : from === null || from === to ? `  ${to} %` : `  ${from} → ${to} %`;
  return [
    `${paint.dim(formatTime(at, 'UTC'))}  ${color(kind)}${move}  ${paint.dim(`by ${actor}`)}`,
    ...hanging('  ', text, columns),
  ].join('\n');
}

/** Tells events apart; those that wait for the journal have no id yet. */
export const keyOf = ({ at, kind, actor, text }: EventAnswer) => JSON.stringify([at, kind, actor, text]);
