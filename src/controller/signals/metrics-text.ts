import type { ReplicaReading } from '../../rollout/reading.ts';
import { createReplicaDraft, type Labels, saysSomething, toNumber, WANTED_NAMES } from './series.ts';

export type ParsedMetrics =
  | { readonly kind: 'read'; readonly reading: ReplicaReading }
  | { readonly kind: 'malformed'; readonly detail: string };

const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * Reads a page of metrics in Prometheus text format as far as one rollout needs it; lines of other metrics are skipped unread.
 * A line of ours that is no sample makes the whole page malformed: half of it would look like fewer failures.
 * @param atMs when the page was read; the reading has this time unless its lines say an older one.
 */
export function parseMetrics(text: string, rollout: string, replica: string, atMs: number): ParsedMetrics {
  if (text.length > MOST_CHARACTERS) {
    return malformed(`the page has ${text.length} characters; allowed: ${MOST_CHARACTERS}`);
  }
  const draft = createReplicaDraft(rollout);
  let sampledAtMs = atMs;
  let lineNumber = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    lineNumber += 1;
    const from = skipBlanks(text, start, end);
    // Ours begin with these letters; a page has about two hundred lines that do not.
    if (text.startsWith('sluice_', from) || text.startsWith('process_', from)) {
      // The format ends every line: one that is cut off may have lost digits.
      const sample =
        newline === -1 ? 'the page ends within this line' : readSampleLine(text.slice(from, end), WANTED_NAMES);
      if (typeof sample === 'string') {
        return malformed(`line ${lineNumber}: ${sample}`);
      }
      if (sample !== undefined) {
        sampledAtMs = Math.min(sampledAtMs, sample.atMs ?? sampledAtMs);
        draft.add(sample.name, sample.labels, sample.value);
      }
    }
    start = end + 1;
  }
  const reading = draft.finish(replica, sampledAtMs);
  return saysSomething(reading)
    ? { kind: 'read', reading }
    : malformed(`no usable metrics of rollout ${rollout}; is this the service's admin port?`);
}

function skipBlanks(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && (text[at] === ' ' || text[at] === '\t')) {
    at += 1;
  }
  return at;
}

const malformed = (detail: string): ParsedMetrics => ({ kind: 'malformed', detail });
type SampleLine = {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  /** The line's own time, milliseconds since 1970; few exporters give one. */
  readonly atMs: number | undefined;
};

/** Longer ones are refused unread: expressions that look for a closing quote need memory by length. */
const MOST_LINE_CHARACTERS = 16384;
const NAME = /([a-zA-Z_:][\w:]*)(?=[ \t{])[ \t]*/y;
const LABEL = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|(?=\}))/y;
const CLOSE = /[ \t]*\}/y;
const VALUE =
  /[ \t]*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+]?inf(?:inity)?|[-+]?nan)(?:[ \t]+(-?\d{1,17}))?[ \t]*\r?$/iy;
/**
 * One sample of the Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/), without its line end.
 * @returns undefined where the metric is none of `wanted`, and a text that says what is wrong where the line is no sample.
 */
function readSampleLine(line: string, wanted: ReadonlySet<string>): SampleLine | string | undefined {
  const name = /^[\w:]*/.exec(line.slice(0, 100))?.[0] ?? '';
  if (!wanted.has(name)) {
    return undefined;
  }
  if (line.length > MOST_LINE_CHARACTERS) {
    return `${name} has ${line.length} characters; allowed: ${MOST_LINE_CHARACTERS}`;
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
