import { html, nothing, type TemplateResult } from 'lit-html';
import type { StatusAnswer } from '../../../contract/schemas.ts';
import { formatDuration, formatRate, formatSeconds, formatShare } from '../../../contract/wording/format.ts';
import { TEXTS } from '../../../contract/wording/texts.ts';
import { CHARTS, limitOf } from './charts.ts';
import type { Known } from './live.ts';
import type { ViewProps } from './props.ts';

const RANGES_MINUTES = [5, 15, 60, 360, 2_880];

/** Both paths in numbers of now, each beside its chart's place. */
export function paths({ known, language, setRange }: ViewProps, status: StatusAnswer): TemplateResult {
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
