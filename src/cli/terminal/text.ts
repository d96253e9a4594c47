import { stripVTControlCharacters } from 'node:util';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

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

/** How many columns a text takes: Chinese takes two each, colours none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of stripVTControlCharacters(text)) {
    width += widthOfChar(char);
  }
  return width;
}

const widthOfChar = (char: string) =>
  /\p{Mark}/u.test(char) ? 0 : WIDE.test(char) || /\p{Emoji_Presentation}|\p{Ideographic}/u.test(char) ? 2 : 1;

export function pad(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'left' ? text + space : space + text;
}

/** Cuts a text without colours to `width` columns; the last of them tells that it was cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) {
    return text;
  }
  let kept = '';
  let taken = 0;
  for (const char of text) {
    taken += widthOfChar(char);
    if (taken > width - 1) {
      break;
    }
    kept += char;
  }
  return `${kept.trimEnd()}…`;
}

/** Breaks a text without colours between words, and within those that are too long. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ').filter((each) => each !== '')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') {
      lines.push(line);
    }
    while (widthOf(word) > width) {
      const head = cut(word, width + 1).slice(0, -1);
      lines.push(head === '' ? word : head);
      word = head === '' ? '' : word.slice(head.length);
    }
    line = word;
  }
  return line === '' ? lines : [...lines, line];
}

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
