import type { EventAnswer } from '../../contract/schemas.ts';
import { formatTime } from '../../contract/wording/format.ts';
import { newsOf } from '../../rollout/event.ts';
import type { View } from '../terminal/output.ts';
import { hanging } from '../terminal/text.ts';

/** One event: when, what, from where to where and by whom, then the sentence. */
export function renderEvent(event: EventAnswer, { paint, columns }: View): string {
  const { at, kind, from, to, actor, text } = event;
  const color = { bad: paint.red, notable: paint.yellow, plain: paint.bold }[newsOf(event)];
  const move = to === null ? '' : from === null || from === to ? `  ${to} %` : `  ${from} → ${to} %`;
  return [
    `${paint.dim(formatTime(at, 'UTC'))}  ${color(kind)}${move}  ${paint.dim(`by ${actor}`)}`,
    ...hanging('  ', text, columns),
  ].join('\n');
}

/** Distinguishes events; those that wait for the journal have no id yet. */
export const keyOf = ({ at, kind, actor, text }: EventAnswer) => JSON.stringify([at, kind, actor, text]);
