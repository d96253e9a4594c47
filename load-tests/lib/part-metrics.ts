import exec from 'k6/execution';
import { Trend } from 'k6/metrics';
import type { Answer } from './answer.ts';
import { count } from './metrics.ts';
import { partAt, partMetric } from './parts.ts';

/** Counts what is sent by the part of the run it is sent in, beside what is counted anyway. */
export function createPartCounter(names: readonly string[]) {
  const durations = names.map((_, part) => new Trend(partMetric(part), true));
  return (send: () => Answer): void => {
    const part = durations[partAt(exec.scenario.progress, names.length)];
    const answer = send();
    count(answer);
    if (answer.outcome === 'updated') {
      part?.add(answer.durationMs);
    }
  };
}
