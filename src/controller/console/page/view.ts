import { html, nothing, type TemplateResult } from 'lit-html';
import type { StatusAnswer } from '../../../contract/schemas.ts';
import {
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatSeconds,
  formatShare,
  formatTime,
  formatValue,
  type Language,
} from '../../../contract/wording/format.ts';
import { headline, whatNext } from '../../../contract/wording/sentences.ts';
import { TEXTS } from '../../../contract/wording/texts.ts';
import { entersStage } from '../../../rollout/event.ts';
import { CHARTS, limitOf } from './charts.ts';
import { ask } from './command-dialog.ts';
import { history } from './history-view.ts';
import type { Known } from './live.ts';
import type { ViewProps } from './props.ts';

export function page(props: ViewProps): TemplateResult {
  const { known, language } = props;
  const texts = TEXTS[language];
  const { status } = known;
  if (status === undefined) {
    return html`<p class=${known.isLost ? 'banner bad' : ''} role="status">${known.isLost ? texts.never : texts.loading}</p>`;
  }
  return html`
    ${banners(known, status, language)}
    <div class=${known.isLost ? 'stale' : ''}>
      <section class="card now" aria-label=${texts.title}>
        <p class=${`headline ${tone(status)}`}>${headline(status, language)}</p>
        <p>${whatNext(status, language)}</p>
        ${status.state.why === null ? nothing : html`<p class="muted">${status.state.why}</p>`}
        ${actions(status, language)}
      </section>
      <div class="columns">
        ${ladder(status, known, language)} ${replicas(status, language)}
      </div>
      ${paths(props, status)} ${guards(status, language)} ${history(props)}
    </div>
  `;
}

function tone({ state, verdicts }: StatusAnswer): string {
  if (state.phase === 'rolled-back' || verdicts.some(({ kind }) => kind === 'breached')) {
    return 'bad';
  }
  return verdicts.some(({ kind }) => kind !== 'healthy') || state.phase === 'paused' ? 'warn' : 'good';
}

function banners({ isLost, heardAtMs, historyIsAway }: Known, status: StatusAnswer, language: Language) {
  const texts = TEXTS[language];
  const { controller, sources, state, configured } = status;
  const worst = [
    ...(isLost
      ? [
          `${texts.lost(formatTime(new Date(heardAtMs ?? 0).toISOString(), 'local', new Date().toISOString()))} ${texts.reconnecting}`,
        ]
      : []),
    ...(configured.failing === null ? [] : [texts.leverFails(configured.failing)]),
  ];
  const banners = [
    ...(configured.unguarded === null ? [] : [texts.unguarded(configured.unguarded)]),
    ...(controller.journal === 'away' || historyIsAway ? [texts.journalAway] : []),
    ...(controller.leading || controller.journal === 'away' ? [] : [texts.standby]),
    ...sources.flatMap(({ name, problem }) => (problem === null ? [] : [texts.source(name, problem)])),
    ...(controller.noRaise !== null && controller.leading && state.phase !== 'idle'
      ? [texts.noRaise(controller.noRaise)]
      : []),
  ];
  const banner = (text: string, tone: 'bad' | 'warn') => html`<p class=${`banner ${tone}`}>${text}</p>`;
  return html`<div role="alert">${worst.map((text) => banner(text, 'bad'))}${banners.map((text) => banner(text, 'warn'))}</div>`;
}

const POSSIBLE = {
  idle: ['start'],
  observing: ['promote', 'pause'],
  'awaiting-approval': ['approve', 'pause'],
  paused: ['resume'],
  'rolled-back': ['start', 'resume'],
  complete: ['pause'],
} as const;

function actions({ state }: StatusAnswer, language: Language): TemplateResult {
  const possible = POSSIBLE[state.phase].filter((name) =>
    state.phase !== 'rolled-back' ? true : name === (state.percent > 0 ? 'resume' : 'start'),
  );
  return html`<div class="buttons" role="group" aria-label=${TEXTS[language].actions}>
    ${possible.map((name) => html`<button type="button" class="primary" data-command=${name} @click=${() => ask(name)}>${TEXTS[language].commands[name]}</button>`)}
  </div>`;
}

function ladder(status: StatusAnswer, { events }: Known, language: Language): TemplateResult {
  const texts = TEXTS[language];
  const { state, stages, healthyMs, timeLeftMs, watchMs } = status;
  const movedTo = (percent: number) => events.find(({ kind, to }) => to === percent && entersStage(kind));
  const isWatch = state.phase === 'complete';
  const progress = html`<progress max="1" .value=${(healthyMs ?? 0) / Math.max(1, (healthyMs ?? 0) + (timeLeftMs ?? 0))} aria-label=${texts.observed(formatDuration(healthyMs ?? 0, language))}></progress>
    <span>${texts.observed(formatDuration(healthyMs ?? 0, language))}${(timeLeftMs ?? 0) > 0 ? `, ${texts.left(formatDuration(timeLeftMs ?? 0, language))}` : ''}</span>`;
  const step = (percent: number, label: string, more: string, isNow: boolean) => {
    const moved = isNow ? movedTo(state.percent) : undefined;
    return html`<li class=${isNow ? 'now' : percent < state.percent || (isWatch && percent === state.percent) ? 'done' : ''} aria-current=${isNow ? 'step' : nothing}>
      <strong>${label}</strong>
      <span class="muted">${more}</span>
      ${isNow && healthyMs !== null ? progress : nothing}
      ${isNow && state.verified !== null ? html`<span class=${state.verified === 'passed' ? 'good' : 'bad'}>${texts.verified[state.verified]}</span>` : nothing}
      ${moved === undefined ? nothing : html`<span class="muted">${texts.movedBy(moved.actor, formatTime(moved.at, 'local'))}</span>`}
    </li>`;
  };
  const rest = state.percent > 0 && !stages.some(({ percent }) => percent === state.percent);
  return html`<section class="card" aria-labelledby="ladder">
    <h2 id="ladder">${texts.ladder}</h2>
    <ol class="ladder">
      ${step(0, formatPercent(0), texts.legacy, state.percent === 0)}
      ${rest ? step(state.percent, formatPercent(state.percent), '', true) : nothing}
      ${stages.map(({ percent, observeMs, needsApproval, needsVerify }) =>
        step(
          percent,
          formatPercent(percent),
          [
            formatDuration(observeMs, language),
            ...(needsApproval ? [texts.needsApproval] : []),
            ...(needsVerify ? [texts.needsVerify] : []),
          ].join(', '),
          percent === state.percent && !isWatch,
        ),
      )}
      ${step(101, texts.watch, formatDuration(watchMs, language), isWatch)}
    </ol>
  </section>`;
}

function replicas(
  { served, wanted, configured, change, readsNoReplicas }: StatusAnswer,
  language: Language,
): TemplateResult {
  const texts = TEXTS[language];
  const wrong = served.filter(({ percent }) => percent !== wanted);
  return html`<section class="card" aria-labelledby="replicas">
    <h2 id="replicas">${texts.replicas}</h2>
    <p>
      ${texts.wanted} <strong>${formatPercent(wanted)}</strong>, ${texts.configured}
      <strong class=${configured.percent === wanted ? '' : 'bad'}>${configured.percent === null ? texts.unknown : formatPercent(configured.percent)}</strong>
    </p>
    ${configured.problem === null ? nothing : html`<p class="bad">${configured.problem}</p>`}
    <p class=${wrong.length > 0 ? 'bad' : ''}>
      ${readsNoReplicas ? texts.noReplicasRead : served.length === 0 ? texts.noReplicas : wrong.length === 0 ? texts.allServe(wanted, served.length) : texts.someDisagree(wrong.length)}
    </p>
    <div class="scroll" tabindex="0" role="group" aria-label=${texts.replicas}>
      <table>
        <thead><tr><th scope="col">${texts.replica}</th><th scope="col">${texts.serves}</th><th scope="col">${texts.verdict}</th></tr></thead>
        <tbody>
          ${served
            .toSorted((a, b) => Number(a.percent === wanted) - Number(b.percent === wanted))
            .map(
              ({ replica, percent, breakerOpen, missing }) => html`<tr class=${percent === wanted ? '' : 'disagrees'}>
                <th scope="row">${replica}</th>
                <td>${percent === null ? texts.unknown : formatPercent(percent)}</td>
                <td>${percent === wanted ? texts.agrees : texts.disagrees}${breakerOpen ? `, ${texts.breakerOpen}` : ''}${missing === null ? '' : `: ${missing}`}</td>
              </tr>`,
            )}
        </tbody>
      </table>
    </div>
    ${change === null || change.waitingFor.length === 0 ? nothing : html`<p class="warn">${change.waitingFor.join(', ')}</p>`}
  </section>`;
}

const RANGES_MINUTES = [5, 15, 60, 360, 2_880];

function paths({ known, language, setRange }: ViewProps, status: StatusAnswer): TemplateResult {
  const texts = TEXTS[language];
  const { domain, legacy } = status.paths;
  const values = {
    p95: [formatSeconds(domain.p95Seconds), formatSeconds(legacy.p95Seconds)],
    mean: [formatSeconds(domain.meanSeconds), formatSeconds(legacy.meanSeconds)],
    errorRate: [formatShare(domain.errorShare), formatShare(legacy.errorShare)],
    traffic: [formatRate(domain.requestsPerSecond), formatRate(legacy.requestsPerSecond)],
    fallbacks: [formatRate(fallbacksNow(known)), undefined],
  } as Readonly<Record<string, readonly [string, string | undefined]>>;
  return html`<section class="card" aria-labelledby="paths">
    <div class="bar">
      <h2 id="paths">${texts.paths}</h2>
      <label>${texts.range}
        <select id="range" @change=${(event: Event) => setRange(Number((event.target as HTMLSelectElement).value))}>
          ${RANGES_MINUTES.map((minutes) => html`<option value=${minutes} ?selected=${minutes === known.rangeMinutes}>${formatDuration(minutes * 60_000, language)}</option>`)}
        </select>
      </label>
    </div>
    ${known.points.length === 0 ? html`<p class="muted">${texts.noMeasurements}</p>` : nothing}
    <div class="charts">
      ${CHARTS.map(({ id, measure }) => {
        const limit = limitOf(status, measure);
        const [ours, theirs] = values[id] ?? ['–', undefined];
        const name = texts[id as 'p95'];
        const numbers = html`<span class="key domain">${texts.domain} <b>${ours}</b></span>
          ${theirs === undefined ? nothing : html`<span class="key legacy">${texts.legacy} <b>${theirs}</b></span>`}
          ${limit === undefined ? nothing : html`<span class="key limit">${texts.limit} <b>${limit.limitText}</b></span>`}`;
        return html`<figure>
          <figcaption><strong>${name}</strong> ${numbers}</figcaption>
          <div class="plot" id=${`chart-${id}`} role="img" aria-label=${`${name}: ${texts.domain} ${ours}${theirs === undefined ? '' : `, ${texts.legacy} ${theirs}`}`}></div>
        </figure>`;
      })}
    </div>
  </section>`;
}

function fallbacksNow({ points }: Known): number {
  const last = points.at(-1);
  return last === undefined
    ? 0
    : last.fallbacks / Math.max(0.001, (Date.parse(last.until) - Date.parse(last.from)) / 1_000);
}

function guards({ verdicts }: StatusAnswer, language: Language): TemplateResult {
  const texts = TEXTS[language];
  const heads = [texts.guard, texts.value, texts.limit, texts.samples, texts.verdict, texts.onBreach, texts.why];
  return html`<section class="card" aria-labelledby="guards">
    <h2 id="guards">${texts.guards}</h2>
    ${
      verdicts.length === 0
        ? html`<p class="muted">${texts.noGuards}</p>`
        : html`<div class="scroll" tabindex="0" role="group" aria-label=${texts.guards}>
            <table>
              <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
              <tbody>
                ${verdicts.map(
                  ({ guard, source, kind, value, limitText, samples, onBreach, detail }) => html`<tr>
                    <th scope="row">${guard} <span class="muted">${source}</span></th>
                    <td>${formatValue({ value, limitText })}</td>
                    <td>${limitText}</td>
                    <td>${formatCount(samples)}</td>
                    <td class=${kind === 'healthy' ? 'good' : kind === 'breached' ? 'bad' : 'warn'}>${texts.verdicts[kind]}</td>
                    <td>${texts.onBreachIs[onBreach]}</td>
                    <td>${detail}</td>
                  </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
  </section>`;
}
