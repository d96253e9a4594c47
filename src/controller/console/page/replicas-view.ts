import { html, nothing, type TemplateResult } from 'lit-html';
import type { StatusAnswer } from '../../../contract/schemas.ts';
import { formatPercent, type Language } from '../../../contract/wording/format.ts';
import { TEXTS } from '../../../contract/wording/texts.ts';

/** What is wanted, what the flag says, and what each replica serves: those that serve something else first. */
export function replicas(
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
