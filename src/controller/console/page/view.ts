import { html, nothing, type TemplateResult } from 'lit-html';
import type { StatusAnswer } from '../../../contract/schemas.ts';
import { formatTime, type Language } from '../../../contract/wording/format.ts';
import { headline, whatNext } from '../../../contract/wording/sentences.ts';
import { TEXTS } from '../../../contract/wording/texts.ts';
import { ask } from './command-dialog.ts';
import { guards } from './guards-view.ts';
import { history } from './history-view.ts';
import { ladder } from './ladder-view.ts';
import type { Known } from './live.ts';
import { paths } from './paths-view.ts';
import type { ViewProps } from './props.ts';
import { replicas } from './replicas-view.ts';

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
