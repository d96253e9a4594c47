import { read } from './pages.ts';

/** A number that the code has under a name, and how pages may write it. */
export type Constant = { readonly value: number; readonly unit: 'ms' | 'bytes' | 'count' };

const NUMBER = /[:=]\s*(?:[\w.]+\()*(?:'(\d+)(kb|mb)'|([\d_]+(?:\s*\*\s*[\d_]+)*))/g;
const KIB = 1_024;

/**
 * Finds `name: 5`, `NAME = 5` or `name: upTo(5)`. With dots, `a.b` is the first `b` that has a number behind the first `a`.
 * @throws where the file has no such number any more.
 */
export function constant(file: string, name: string): Constant {
  const parts = name.split('.');
  let text = read(file);
  for (const part of parts) {
    const word = new RegExp(`(?<!\\w)${RegExp.escape(part)}(?!\\w)`);
    const found = part === parts.at(-1) ? numberBehind(text, word) : text.search(word);
    if (found === -1) {
      throw new Error(`${file} has no number named ${name}`);
    }
    text = text.slice(found + part.length);
  }
  NUMBER.lastIndex = 0;
  const [, quoted, size, factors] = NUMBER.exec(text) ?? [];
  if (quoted !== undefined) {
    return { value: Number(quoted) * (size === 'mb' ? KIB * KIB : KIB), unit: 'bytes' };
  }
  const value = (factors ?? '').split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1);
  return { value, unit: unitOf(name) };
}

/** Where `word` stands directly before a number. */
function numberBehind(text: string, word: RegExp): number {
  return text.search(new RegExp(`${word.source}(?=\\s*${NUMBER.source})`));
}

function unitOf(name: string): Constant['unit'] {
  if (/BYTES/.test(name)) {
    return 'bytes';
  }
  return /(?<![A-Z])MS\b|Ms\b|Timeout|Millis|Delay/.test(name) ? 'ms' : 'count';
}

const STEPS = {
  ms: [
    [1, 'ms'],
    [1_000, 's'],
    [60_000, 'min'],
    [3_600_000, 'h'],
    [24 * 3_600_000, 'days'],
  ],
  bytes: [
    [KIB, 'KiB'],
    [KIB * KIB, 'MiB'],
  ],
} as const;
/** For sentences, where a page says "two days". */
const WORDS = ['', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];
const LONG: Readonly<Record<string, readonly string[]>> = {
  s: ['second', 'seconds'],
  min: ['minute', 'minutes'],
  h: ['hour', 'hours'],
  days: ['day'],
};

/** Every way in which a page may write it: 60,000 ms is 60 s, 1 min, "a minute" and so on. */
export function spellings({ value, unit }: Constant): readonly string[] {
  if (unit === 'count') {
    return numbers(value);
  }
  return STEPS[unit].flatMap(([size, name]) => {
    const names = [name, ...(LONG[name] ?? [])];
    const singular = LONG[name]?.[0];
    const alone = value === size && singular !== undefined ? [`a ${singular}`, `an ${singular}`, singular] : [];
    return [...numbers(value / size).flatMap((number) => names.map((each) => `${number} ${each}`)), ...alone];
  });
}

const numbers = (value: number): readonly string[] => [
  String(value),
  value.toLocaleString('en-US'),
  ...(WORDS[value] === undefined ? [] : [WORDS[value]]),
];

/** Whether a text has one of the spellings as a word of its own. */
export const says = (text: string, number: Constant): boolean =>
  spellings(number).some((spelling) => new RegExp(`(?<![\\w.,])${RegExp.escape(spelling)}(?!\\w|[.,]\\d)`).test(text));
