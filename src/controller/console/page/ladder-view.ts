import { html, nothing, type TemplateResult } from 'lit-html';
import type { StatusAnswer } from '../../../contract/schemas.ts';
import { formatDuration, formatPercent, formatTime, type Language } from '../../../contract/wording/format.ts';
import { TEXTS } from '../../../contract/wording/texts.ts';
import { entersStage } from '../../../rollout/event.ts';
import type { Known } from './live.ts';

/** The stages from 0 % to the watch, with the time of the one that is served. */
export function ladder(status: StatusAnswer, { events }: Known, language: Language): TemplateResult {
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
