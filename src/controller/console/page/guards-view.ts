import { html, type TemplateResult } from 'lit-html';
import type { StatusAnswer } from '../../../contract/schemas.ts';
import { formatCount, formatValue, type Language } from '../../../contract/wording/format.ts';
import { TEXTS } from '../../../contract/wording/texts.ts';

/** Each guard by each source, with what a breach does. */
export function guards({ verdicts }: StatusAnswer, language: Language): TemplateResult {
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
