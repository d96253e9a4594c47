import type { Labels } from './series.ts';

export type SampleLine = {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  /** The line's own time, milliseconds since 1970; few exporters give one. */
  readonly atMs: number | undefined;
};

/** Longer ones are refused unread: expressions that look for a closing quote need memory by length. */
const MOST_CHARACTERS = 16_384;

const NAME = /([a-zA-Z_:][\w:]*)(?=[ \t{])[ \t]*/y;
const LABEL = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|(?=\}))/y;
const CLOSE = /[ \t]*\}/y;
const VALUE =
  /[ \t]*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+]?inf(?:inity)?|[-+]?nan)(?:[ \t]+(-?\d{1,17}))?[ \t]*\r?$/iy;

/**
 * One sample of the Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/), without its line end.
 * @returns undefined where the metric is none of `wanted`, and a text that says what is wrong where the line is no sample.
 */
export function readSampleLine(line: string, wanted: ReadonlySet<string>): SampleLine | string | undefined {
  const name = /^[\w:]*/.exec(line.slice(0, 100))?.[0] ?? '';
  if (!wanted.has(name)) {
    return undefined;
  }
  if (line.length > MOST_CHARACTERS) {
    return `${name} has ${line.length} characters; allowed: ${MOST_CHARACTERS}`;
  }
  const afterName = match(NAME, line, 0);
  if (afterName === null) {
    return problem(line, 'has no value');
  }
  let at = NAME.lastIndex;
  const labels: Record<string, string> = Object.create(null);
  if (line[at] === '{') {
    at += 1;
    for (let label = match(LABEL, line, at); label !== null; label = match(LABEL, line, at)) {
      const [, key, text] = label as unknown as [string, string, string];
      if (key in labels) {
        return problem(line, `has the label ${key} twice`);
      }
      labels[key] = unescapeLabel(text);
      at = LABEL.lastIndex;
    }
    if (match(CLOSE, line, at) === null) {
      return problem(line, 'has labels that are not name="text"');
    }
    at = CLOSE.lastIndex;
  }
  const rest = match(VALUE, line, at);
  if (rest === null) {
    return problem(line, 'has no number at its end');
  }
  return {
    name,
    labels,
    value: toNumber(rest[1] as string),
    atMs: rest[2] === undefined ? undefined : Number(rest[2]),
  };
}

function match(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at;
  return expression.exec(text);
}

const problem = (line: string, what: string): string => `${JSON.stringify(line.slice(0, 100))} ${what}`;

function unescapeLabel(text: string): string {
  return text.includes('\\')
    ? text.replaceAll(/\\(.)/g, (whole, character: string) =>
        character === 'n' ? '\n' : character === '"' || character === '\\' ? character : whole,
      )
    : text;
}

/** As Prometheus writes numbers, on pages and in answers. NaN for what is none. */
export function toNumber(text: string): number {
  const infinite = /^([-+]?)inf(?:inity)?$/i.exec(text);
  if (infinite) {
    return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return /^[-+]?[\d.]/.test(text) ? Number(text) : Number.NaN;
}
