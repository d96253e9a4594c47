import { createHash } from 'node:crypto';
import type { Block, Chart } from './blocks.ts';

const STYLE = `
:root{color-scheme:light dark;--line:light-dark(#d9dfe5,#313b45);--muted:light-dark(#566370,#9aa8b5)}
body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.5rem 0;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border:1px solid var(--line);overflow-wrap:anywhere}
figure{display:inline-block;margin:.5rem 1rem .5rem 0}figcaption{color:var(--muted);font-size:.85rem}
svg{display:block;border:1px solid var(--line)}.line0{stroke:light-dark(#0b6090,#6cbfe8)}.line1{stroke:light-dark(#7a5c00,#d8b64c);stroke-dasharray:4 3}
.limit{stroke:light-dark(#b3201b,#ff8a80)}path{fill:none;stroke-width:1.5}`;

/** What the page may do: show itself, and nothing else. */
export const REPORT_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** One page that needs nothing from elsewhere. What people or machines wrote is text, and never markup. */
export function toHtml(blocks: readonly Block[], language: string): string {
  const title = blocks.find((block) => block.kind === 'heading')?.text ?? 'Sluice';
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${STYLE}</style></head><body><main>
${blocks.map(render).join('\n')}
</main></body></html>
`;
}

function render(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escaped(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${escaped(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`;
    case 'table': {
      const head = block.head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('');
      const rows = block.rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`);
      return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
    }
    case 'charts':
      return `<h2>${escaped(block.title)}</h2>${block.charts.map(chart).join('')}`;
  }
}

const [WIDTH, HEIGHT] = [260, 90];

function chart({ title, times, lines, limit, top, max }: Chart): string {
  const [from = 0, until = 0] = [times[0], times.at(-1)];
  const x = (time: number) => ((time - from) / Math.max(1, until - from)) * WIDTH;
  const y = (value: number) => HEIGHT - (value / max) * (HEIGHT - 4);
  const paths = lines.map(({ values }, line) => {
    const drawn = values.map((value, at) =>
      value === null
        ? ''
        : `${at === 0 || values[at - 1] === null ? 'M' : 'L'}${round(x(times[at] as number))} ${round(y(value))}`,
    );
    return `<path class="line${line}" d="${drawn.join('')}"/>`;
  });
  const bound = limit === undefined ? '' : `<path class="limit" d="M0 ${round(y(limit))}H${WIDTH}"/>`;
  return `<figure><svg width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${paths.join('')}${bound}</svg><figcaption>${escaped(`${title}: ${lines.map(({ name }) => name).join(', ')}; ${top}`)}</figcaption></figure>`;
}

const round = (value: number) => Number(value.toFixed(1));

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (found) => ENTITIES[found] as string);
