import type { StatusAnswer } from '../../contract/schemas.ts';
import {
  formatDuration,
  formatPercent,
  formatRate,
  formatSeconds,
  formatShare,
  formatTime,
} from '../../contract/wording/format.ts';
import { TEXTS } from '../../contract/wording/texts.ts';
import type { View } from '../terminal/output.ts';
import { hanging, pad, table } from '../terminal/text.ts';

/** What is wanted, what the flag says, and what each replica serves. */
export function renderPercents(
  { wanted, configured, served, readsNoReplicas }: StatusAnswer,
  { paint, columns }: View,
): string[] {
  const line = (name: string, percent: number | null, note: string, color: (text: string) => string) => {
    const shown = pad(formatPercent(percent), 5, 'right');
    const [first = '', ...rest] = hanging(`  ${pad(name, 11)}${shown}  `, note, columns);
    return [first.replace(shown, color(shown)).trimEnd(), ...rest];
  };
  const agreeing = (percent: number | null) => (percent === wanted ? paint.green : paint.yellow);
  const replicas = served.flatMap(({ replica, percent, breakerOpen, missing }, at) => {
    const notes = [
      missing,
      breakerOpen ? 'its breaker is open: it keeps requests off the domain path' : null,
      missing === null && percent !== wanted ? 'not what is wanted' : null,
    ].filter((note) => note !== null);
    const note = [replica, ...notes].join('; ');
    return line(at === 0 ? 'served' : '', percent, note, breakerOpen ? paint.red : agreeing(percent));
  });
  const where = `${configured.lever} ${configured.where}${configured.way === 'in-place' ? ', written in place' : ''}`;
  return [
    paint.bold('Percent'),
    ...line('wanted', wanted, '', paint.bold),
    ...line(
      'configured',
      configured.percent,
      configured.problem === null ? where : `${where}; ${configured.problem}`,
      agreeing(configured.percent),
    ),
    ...(replicas.length === 0
      ? line('served', null, readsNoReplicas ? TEXTS.en.noReplicasRead : 'no replica has reported yet', paint.yellow)
      : replicas),
  ];
}

/** Both paths side by side. */
export function renderPaths({ paths }: StatusAnswer, { paint, columns }: View): string[] {
  const row = (name: 'domain' | 'legacy') => {
    const { requestsPerSecond, errorShare, p95Seconds, meanSeconds } = paths[name];
    return [
      `  ${name}`,
      formatRate(requestsPerSecond),
      formatShare(errorShare),
      formatSeconds(p95Seconds),
      formatSeconds(meanSeconds),
    ];
  };
  const [head = '', ...rows] = table(
    [['Paths', 'requests', 'errors', 'P95', 'mean'], row('domain'), row('legacy')],
    [{}, { side: 'right' }, { side: 'right' }, { side: 'right' }, { side: 'right' }],
    columns,
  );
  return [paint.bold(head), ...rows];
}

/** The last change of the percent, with how long each step took. */
export function renderChange({ change, at, readsNoReplicas }: StatusAnswer, { paint, columns }: View): string[] {
  if (change === null) {
    return [];
  }
  const { percent, seenAt, writtenAt, confirmedAt, waitingFor } = change;
  const steps = [
    `decided ${formatTime(seenAt, 'UTC', at)}`,
    writtenAt === null ? 'not written yet' : `written ${later(writtenAt, seenAt)}`,
    confirmedAt === null
      ? readsNoReplicas
        ? TEXTS.en.noReplicasRead
        : `waiting for ${waitingFor.join(', ') || 'the replicas'}`
      : `served by all ${later(confirmedAt, seenAt)}`,
  ];
  return [paint.bold('Last change'), ...hanging('  ', `to ${formatPercent(percent)}: ${steps.join(', ')}`, columns)];
}

/** How much later: `+12 ms`. */
const later = (iso: string, since: string) => `+${formatDuration(Date.parse(iso) - Date.parse(since), 'en')}`;
