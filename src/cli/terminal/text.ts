import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g;

/** An answer whose texts cannot steer a terminal: others wrote them, among them replicas and whoever gave a reason. */
export function printable<T>(value: T): T {
  if (typeof value === 'string') {
    return value.replace(CONTROL, ' ') as T;
  }
  if (Array.isArray(value)) {
    return value.map(printable) as T;
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, printable(each)])) as T;
  }
  return value;
}

/** How many columns a text takes: Chinese and emoji take two each, colours none. */
export const widthOf = (text: string): number => stringWidth(text);

export function pad(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'left' ? text + space : space + text;
}

const GRAPHEMES = new Intl.Segmenter();

/** Cuts a text without colours to `width` columns; the last of them shows that it was cut. */
export function cut(text: string, width: number): string {
  if (width < 1) {
    return '';
  }
  if (widthOf(text) <= width) {
    return text;
  }
  let kept = '';
  let taken = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    taken += widthOf(segment);
    if (taken > width - 1) {
      break;
    }
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** Breaks a text between words, and within those that are too long; each line keeps its colours. */
export const wrap = (text: string, width: number): string[] =>
  text.trim() === '' ? [] : wrapAnsi(text, width, { hard: true }).split('\n');

/** A text behind a mark; its further lines stand below its first. */
export function hanging(mark: string, text: string, width: number): string[] {
  const [first = '', ...rest] = wrap(text, Math.max(20, width - widthOf(mark)));
  const indent = ' '.repeat(widthOf(mark));
  return [`${mark}${first}`, ...rest.map((line) => `${indent}${line}`)];
}

type Column = { readonly side?: 'left' | 'right'; readonly shrinks?: boolean };

/** Rows in columns, two apart. Where they are wider than `width`, the column that shrinks is cut, to 8 columns at least. */
export function table(rows: readonly (readonly string[])[], columns: readonly Column[], width: number): string[] {
  const widths = columns.map((_, at) => Math.max(0, ...rows.map((row) => widthOf(row[at] ?? ''))));
  const excess = widths.reduce((sum, each) => sum + each + 2, -2) - width;
  const shrinking = columns.findIndex(({ shrinks }) => shrinks);
  if (excess > 0 && shrinking >= 0) {
    widths[shrinking] = Math.max(8, (widths[shrinking] as number) - excess);
  }
  return rows.map((row) =>
    columns
      .map(({ side }, at) => {
        const text = row[at] ?? '';
        return pad(at === shrinking ? cut(text, widths[at] as number) : text, widths[at] as number, side);
      })
      .join('  ')
      .trimEnd(),
  );
}
