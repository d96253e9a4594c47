import { html, nothing, type TemplateResult } from 'lit-html';
import type { EventAnswer } from '../../../contract/schemas.ts';
import {
  formatCount,
  formatDuration,
  formatSeconds,
  formatShare,
  formatTime,
  formatValue,
  type Language,
} from '../../../contract/wording/format.ts';
import { eventSentence } from '../../../contract/wording/sentences.ts';
import { TEXTS } from '../../../contract/wording/texts.ts';
import { isDecision, isMilestone, newsOf } from '../../../rollout/event.ts';
import type { Filter, ViewProps } from './props.ts';

const isProblem = (event: EventAnswer) => newsOf(event) === 'bad';

function isShown(event: EventAnswer, { kind, text }: Filter, language: Language): boolean {
  const isOfKind = kind === 'all' || (kind === 'decisions' ? isMilestone(event.kind) : isProblem(event));
  const wanted = text.trim().toLowerCase();
  return (
    isOfKind &&
    (wanted === '' || `${event.kind} ${event.actor} ${eventSentence(event, language)}`.toLowerCase().includes(wanted))
  );
}

export function history({ known, language, filter, setFilter, showOlder }: ViewProps): TemplateResult {
  const texts = TEXTS[language];
  const shown = known.events.filter((event) => isShown(event, filter, language));
  return html`<section class="card" aria-labelledby="history">
    <div class="bar">
      <h2 id="history">${texts.history}</h2>
      <label>${texts.filter}
        <select id="filter" @change=${(event: Event) => setFilter({ ...filter, kind: (event.target as HTMLSelectElement).value as Filter['kind'] })}>
          ${Object.entries(texts.filters).map(([kind, label]) => html`<option value=${kind} ?selected=${kind === filter.kind}>${label}</option>`)}
        </select>
      </label>
      <label>${texts.search}
        <input type="search" id="search" .value=${filter.text} @input=${(event: Event) => setFilter({ ...filter, text: (event.target as HTMLInputElement).value })} />
      </label>
    </div>
    ${shown.length === 0 ? html`<p class="muted">${known.events.length === 0 ? texts.noEvents : texts.noneFound}</p>` : nothing}
    <ol class="history">
      ${shown.map((event) => entry(event, language))}
    </ol>
    ${
      known.events.length >= known.historyLimit && known.historyLimit < 1_000
        ? html`<button type="button" @click=${showOlder}>${texts.older}</button>`
        : nothing
    }
  </section>`;
}

function entry(event: EventAnswer, language: Language): TemplateResult {
  const texts = TEXTS[language];
  const { eventId, at, kind, actor } = event;
  const tone = isProblem(event) ? 'bad' : isMilestone(kind) ? 'good' : '';
  return html`<li id=${`event=${eventId}`}>
    <p>
      <time datetime=${at}>${formatTime(at, 'local')}</time>
      <span class=${`kind ${tone}`}>${texts.kinds[kind] ?? kind}</span>
      <span class="muted">${texts.by} ${actor}</span>
      <a href=${`#event=${eventId}`} aria-label=${`${texts.linkTo}: ${formatTime(at, 'local')}`}>#</a>
    </p>
    <p>${eventSentence(event, language)}</p>
    ${evidence(event, language)}
  </li>`;
}

/** What was known when it was decided: the guards' values, and all that both paths did in the stage. */
function evidence(event: EventAnswer, language: Language): TemplateResult | typeof nothing {
  if (!isDecision(event) || event.details.evidence === undefined) {
    return nothing;
  }
  const texts = TEXTS[language];
  const { healthyMs, verdicts, measured } = event.details.evidence;
  return html`<details>
    <summary>${texts.evidence}</summary>
    ${healthyMs === null ? nothing : html`<p>${texts.healthyFor(formatDuration(healthyMs, language))}</p>`}
    <ul>
      ${verdicts.map(({ guard, source, value, limitText, samples, kind, detail }) => html`<li>${guard} (${source}): ${formatValue({ value, limitText })} / ${limitText}, ${formatCount(samples)} ${texts.samples}, ${texts.verdicts[kind]}${detail === '' ? '' : `: ${detail}`}</li>`)}
      ${
        measured === null
          ? nothing
          : (['domain', 'legacy'] as const).map(
              (path) =>
                html`<li>${texts[path]}: ${formatCount(measured[path].requests)} ${texts.requests}, P95 ${formatSeconds(measured[path].p95Seconds)}, ${texts.mean} ${formatSeconds(measured[path].meanSeconds)}, ${texts.errorRate} ${formatShare(measured[path].errorShare)}</li>`,
            )
      }
    </ul>
  </details>`;
}
