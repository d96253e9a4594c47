import assert from 'node:assert/strict';

/** Far over what any input should take on a busy machine: only what grows without measure takes longer. */
const CATASTROPHE_MS = 2_000;

/** @returns what `work` gives, which has to come in time. It is CPU time, so that a busy machine does not count. */
export function inBoundedTime<T>(what: string, work: () => T): T {
  const startedAt = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(startedAt);
  const ms = (user + system) / 1_000;
  assert.ok(ms < CATASTROPHE_MS, `${what} took ${Math.round(ms)} ms`);
  return result;
}

export const nested = (depth: number, open: string, close: string, core = '') =>
  open.repeat(depth) + core + close.repeat(depth);

/** Checked after the fuzzing of whatever reads JSON or YAML. */
export function assertNothingPolluted(): void {
  assert.deepEqual(Object.keys(Object.getOwnPropertyDescriptors(Object.prototype)).sort(), PROTOTYPE);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
}

const PROTOTYPE = Object.keys(Object.getOwnPropertyDescriptors(Object.prototype)).sort();
