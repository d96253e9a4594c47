import type { Counts } from './run-world.ts';
import type { Found } from './worker.ts';

const MS_AN_HOUR = 3_600_000;

/** What all worlds gave together: the same for the same worlds, whoever ran them. */
export function createSummary() {
  let [worlds, ms, steps, changes] = [0, 0, 0, 0];
  const done: Record<string, number> = {};
  const told: Record<string, number> = {};
  return {
    hours: (): number => ms / MS_AN_HOUR,
    add: ({ simulatedMs, counts }: Found): void => {
      worlds += 1;
      ms += simulatedMs;
      steps += counts.steps;
      changes += counts.changes;
      addTo(done, counts.done);
      addTo(told, counts.told);
    },
    lines: (): readonly string[] => [
      `${count(worlds)} worlds, ${count(Math.round(ms / MS_AN_HOUR))} simulated hours, ${count(steps)} steps.`,
      `What happened in them: ${listed(done)}.`,
      `What the controllers did: ${count(changes)} changes of the flag; ${listed(told)}.`,
    ],
  };
}

const count = (value: number): string => value.toLocaleString('en');

function addTo(totals: Record<string, number>, more: Counts['done']): void {
  for (const [name, times] of Object.entries(more)) {
    totals[name] = (totals[name] ?? 0) + times;
  }
}

const listed = (totals: Record<string, number>): string =>
  Object.entries(totals)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${name} ${count(times)}`)
    .join(', ');
