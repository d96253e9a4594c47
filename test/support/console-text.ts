import type { EventAnswer } from '../../src/contract/schemas.ts';

/** The page knows a browser's types and the tests know Node's, so they meet only when they run. */
const HISTORY_VIEW = '../../src/controller/console/page/history-view.ts';
const { history } = (await import(HISTORY_VIEW)) as { readonly history: (props: object) => unknown };

/** All that a lit-html template would write, without a document to write it into. */
function textOf(part: unknown): string {
  if (Array.isArray(part)) {
    return part.map(textOf).join('');
  }
  const { strings, values } = (part ?? {}) as { strings?: readonly string[]; values?: readonly unknown[] };
  return strings === undefined ? String(part) : strings.map((text, at) => text + textOf(values?.[at] ?? '')).join('');
}

/** The history as the console shows it, markup included. */
export const onConsole = (
  events: readonly EventAnswer[],
  language: 'en' | 'zh',
  kind: 'all' | 'decisions' | 'problems' = 'all',
): string => textOf(history({ known: { events, historyLimit: 200 }, language, filter: { kind, text: '' } }));
