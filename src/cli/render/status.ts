import type { StatusAnswer } from '../../contract/schemas.ts';
import { formatDuration, formatPercent, formatTime } from '../../contract/wording/format.ts';
import { TEXTS } from '../../contract/wording/texts.ts';
import type { View } from '../terminal/output.ts';
import { hanging, pad, widthOf } from '../terminal/text.ts';
import { renderGuards } from './guards.ts';
import { renderChange, renderPaths, renderPercents } from './percents.ts';
import { renderStages } from './stages.ts';

/** Everything an SRE asks first, for a terminal. Pure: the same answer gives the same text. Lines end without a newline. */
export function renderStatus(status: StatusAnswer, view: View): string {
  const sections = [
    renderTitle(status, view),
    renderWarnings(status, view),
    renderStages(status, view),
    renderPercents(status, view),
    renderGuards(status, view),
    renderPaths(status, view),
    renderChange(status, view),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** What came of a change: who serves the percent it wants, and who does not. */
export function renderSummary({ state, configured, served, readsNoReplicas }: StatusAnswer, wanted: number): string {
  const others = served.filter(({ percent }) => percent !== wanted).map(({ replica }) => replica);
  const flag = configured.percent === wanted ? '' : ` The flag says ${formatPercent(configured.percent)}.`;
  const replicas =
    served.length === 0
      ? `wanted; ${readsNoReplicas ? TEXTS.en.noReplicasRead : 'no replica has reported what it serves'}`
      : others.length === 0
        ? `served by every replica (${served.length})`
        : `not served yet by ${others.join(', ')}`;
  const hint = flag === '' && others.length === 0 && served.length > 0 ? '' : ' Check again with: sluice status';
  return `Now ${state.phrase}: ${wanted} % is ${replicas}.${flag}${hint}`;
}

/** What a change is for those who watch: not times and numbers that move by themselves. */
export function signatureOf(status: StatusAnswer): string {
  const { state, wanted, configured, served, verdicts, sources, change, controller } = status;
  return JSON.stringify([
    [state.phase, state.phrase, state.why, state.verified, status.holding === null],
    [wanted, configured.percent, configured.problem, configured.failing, configured.unguarded],
    served.map(({ replica, percent, breakerOpen, missing }) => [replica, percent, breakerOpen, missing === null]),
    verdicts.map(({ guard, source, kind }) => [guard, source, kind]),
    sources.map(({ name, problem }) => [name, problem === null]),
    change && [change.percent, change.writtenAt, change.confirmedAt],
    [controller.leading, controller.journal, controller.noRaise],
  ]);
}

function renderTitle({ rollout, flag, planHash, at, state }: StatusAnswer, { paint, columns }: View): string[] {
  const color = {
    idle: paint.dim,
    observing: paint.cyan,
    'awaiting-approval': paint.yellow,
    paused: paint.yellow,
    'rolled-back': paint.red,
    complete: paint.green,
  }[state.phase];
  const left = `${rollout}  ${state.phrase}`;
  const clock = formatTime(at, 'UTC');
  const gap = columns - widthOf(left) - clock.length;
  const title = `${paint.bold(rollout)}  ${color(state.phrase)}`;
  const ago = (iso: string) => `${formatDuration(Date.parse(at) - Date.parse(iso), 'en')} ago`;
  const since = state.since === null ? '' : `, since ${formatTime(state.since, 'UTC', at)} (${ago(state.since)})`;
  return [
    gap >= 2 ? `${title}${pad('', gap)}${paint.dim(clock)}` : title,
    ...hanging('', `flag ${flag}, plan ${planHash}${since}`, columns),
    ...(state.why === null ? [] : hanging('why: ', state.why, columns)),
  ];
}

function renderWarnings(status: StatusAnswer, { paint, columns }: View): string[] {
  const { holding, controller, sources, change, configured, served } = status;
  const unconfirmed = change !== null && change.confirmedAt === null ? change.waitingFor : [];
  const warnings = [
    holding && `${status.timeLeftMs === 0 ? 'held' : 'time does not count'}: ${holding}`,
    controller.leading
      ? controller.noRaise && `the percent may not be raised: ${controller.noRaise}`
      : `${controller.instance} answers and stands by${controller.noRaise ? `: ${controller.noRaise}` : ''}`,
    controller.journal === 'away' && 'the journal is unreachable: nothing is raised, rolling back still works',
    controller.buffered > 0 && `${controller.buffered} events wait for the journal`,
    ...sources.map(({ name, problem }) => problem && `source ${name}: ${problem}`),
    configured.failing,
    configured.unguarded && TEXTS.en.unguarded(configured.unguarded),
    configured.problem && `the flag is not usable: ${configured.problem}`,
    unconfirmed.length > 0 && `not served yet by ${unconfirmed.join(', ')}`,
    ...served.map(({ replica, breakerOpen }) => breakerOpen && `the breaker of ${replica} is open`),
  ].filter((each) => typeof each === 'string');
  return warnings.flatMap((warning) => hanging('! ', warning, columns)).map((line) => paint.yellow(line));
}
