import type { ReplicaReading } from '../rollout/reading.ts';
import { readSampleLine } from './sample-line.ts';
import { createReplicaDraft, saysSomething, WANTED_NAMES } from './series.ts';

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
