import { Counter, Trend } from 'k6/metrics';
import { type Answer, DECISION_HEADERS, PATHS } from './answer.ts';
import { METRICS } from './names.ts';

const updates = new Counter(METRICS.updates);
const duration = new Trend(METRICS.duration, true);
const overloaded = new Counter(METRICS.overloaded);
const unroutedErrors = new Counter(METRICS.unroutedErrors);
const durationByPath = byName(PATHS, (path) => new Trend(METRICS.durationOf(path), true));
const errorsByPath = byName(PATHS, (path) => new Counter(METRICS.errorsOf(path)));
const byDecision = byName(DECISION_HEADERS, (decision) => new Counter(METRICS.decisionsOf(decision)));

/** Counts an update by what its headers say. Where it was slow on purpose, its time goes to `instead`. */
export function count({ outcome, path, decision, durationMs }: Answer, instead?: Trend): void {
  updates.add(1);
  if (decision !== undefined) {
    byDecision[decision].add(1);
  }
  if (outcome === 'overloaded') {
    overloaded.add(1);
  } else if (outcome === 'failed' || path === undefined) {
    (path === undefined ? unroutedErrors : errorsByPath[path]).add(1);
  } else if (instead !== undefined) {
    instead.add(durationMs);
  } else {
    duration.add(durationMs);
    durationByPath[path].add(durationMs);
  }
}

export function byName<Name extends string | number, T>(
  names: readonly Name[],
  make: (name: Name) => T,
): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}
