import type { K6Data } from './k6-data.ts';
import { describeSummary, summarise } from './summary.ts';

type Report<Findings extends object> = {
  readonly script: string;
  readonly data: K6Data;
  /** What only this script found: part of the JSON, where it also stands above what every script reports; and lines for people. */
  readonly findings?: Findings;
  readonly lines?: readonly string[];
};

/** What handleSummary returns: text on stdout, JSON where SUMMARY_FILE says; `-` is a last line on stdout. */
export function report<Findings extends object>({
  script,
  data,
  findings,
  lines,
}: Report<Findings>): Record<string, string> {
  const summary = { ...summarise(script, data), ...findings };
  const text = describeSummary(summary, lines);
  const json = JSON.stringify(summary);
  const file = __ENV.SUMMARY_FILE;
  if (!file) {
    return { stdout: text };
  }
  return file === '-' ? { stdout: `${text}${json}\n` } : { stdout: text, [file]: json };
}
