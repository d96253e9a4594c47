import type { StatusAnswer } from '../../contract/schemas.ts';
import { formatDuration, formatPercent } from '../../contract/wording/format.ts';
import type { View } from '../terminal/output.ts';
import { hanging, pad } from '../terminal/text.ts';

const BAR_COLUMNS = 20;
type Place = 'done' | 'current' | 'to come';
type Rung = { readonly name: string; readonly lasts: string; readonly place: Place; readonly note: string };

/** The ladder: what is done, where the rollout is and for how long yet, and what comes. */
export function renderStages(status: StatusAnswer, { paint, columns }: View): string[] {
  const rungs = [...stageRungs(status), watchRung(status)];
  const mark = {
    done: () => paint.green('✔'),
    current: () => (status.state.phase === 'paused' ? paint.yellow('▶') : paint.cyan('▶')),
    'to come': () => paint.dim('○'),
  };
  const lastsColumns = Math.max(...rungs.map(({ lasts }) => lasts.length));
  return [
    paint.bold('Stages'),
    ...rungs.flatMap(({ name, lasts, place, note }) => {
      const text = `${pad(name, 5, 'right')}  ${pad(lasts, lastsColumns)}`;
      const [first = '', ...rest] = hanging(`${text}  `, note, columns - 4);
      const shown = place === 'current' ? paint.bold(first.trimEnd()) : first.trimEnd();
      return [`  ${mark[place]()} ${shown}`, ...rest.map((line) => `    ${line}`)];
    }),
  ];
}

function stageRungs(status: StatusAnswer): Rung[] {
  const { percent, phase } = status.state;
  const watching = isWatching(status);
  const rungs = status.stages.map((stage): Rung => {
    const place = stage.percent === percent && !watching ? 'current' : stage.percent <= percent ? 'done' : 'to come';
    const waits = phase === 'awaiting-approval' && stage === status.stages.find((each) => each.percent > percent);
    const approval = waits ? 'waits for approval: sluice approve' : stage.needsApproval ? 'needs approval' : '';
    const needed = [approval, ...(stage.needsVerify ? ['needs sluice verify'] : [])].filter((each) => each !== '');
    return {
      name: formatPercent(stage.percent),
      lasts: formatDuration(stage.observeMs, 'en'),
      place,
      note: place === 'current' ? progressOf(status) : place === 'to come' ? needed.join(', ') : '',
    };
  });
  if (percent === 0 || status.stages.some((stage) => stage.percent === percent)) {
    return rungs;
  }
  const own: Rung = { name: formatPercent(percent), lasts: '', place: 'current', note: 'not a stage of the plan' };
  const at = status.stages.filter((stage) => stage.percent < percent).length;
  return [...rungs.slice(0, at), own, ...rungs.slice(at)];
}

function watchRung(status: StatusAnswer): Rung {
  const watching = isWatching(status);
  const over = watching && status.timeLeftMs === 0;
  return {
    name: 'watch',
    lasts: formatDuration(status.watchMs, 'en'),
    place: over ? 'done' : watching ? 'current' : 'to come',
    note: over ? 'over: guards no longer act' : watching ? progressOf(status) : '',
  };
}

/** Whether the time that counts is that of the watch. A paused rollout is known only by how long it has to last. */
function isWatching({ state, stages, watchMs, healthyMs, timeLeftMs }: StatusAnswer): boolean {
  if (state.phase === 'complete') {
    return true;
  }
  const last = stages.at(-1);
  if (state.phase !== 'paused' || state.percent !== last?.percent || healthyMs === null || timeLeftMs === null) {
    return false;
  }
  const lasts = healthyMs + timeLeftMs;
  return Math.abs(lasts - watchMs) < Math.abs(lasts - last.observeMs);
}

function progressOf({ state, stages, healthyMs, timeLeftMs, holding }: StatusAnswer): string {
  if (state.phase === 'rolled-back') {
    return 'rolled back to here; sluice resume goes on';
  }
  if (healthyMs === null || timeLeftMs === null) {
    return '';
  }
  const share = timeLeftMs === 0 ? 1 : healthyMs / (healthyMs + timeLeftMs);
  const filled = Math.floor(share * BAR_COLUMNS);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_COLUMNS - filled)}`;
  const left = timeLeftMs === 0 ? 'time is up' : `${formatDuration(timeLeftMs, 'en')} left`;
  const halt = state.phase === 'paused' ? ', paused' : holding === null ? '' : ', held';
  const needsVerify = stages.some((stage) => stage.percent === state.percent && stage.needsVerify);
  const asks = needsVerify && state.phase !== 'complete' ? ', needs sluice verify' : '';
  const verified = { passed: ', verified', failed: ', sluice verify failed' };
  const checks = state.verified === null ? asks : verified[state.verified];
  return `${bar} ${state.phase === 'awaiting-approval' ? 'done' : `${left}${halt}`}${checks}`;
}
