import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inPlaceSteps } from './file-in-place.ts';

/** What the file holds after each step. */
function statesOf(before: string, next: string): string[] {
  let held = Buffer.from(before);
  return inPlaceSteps(before, next).map((step) => {
    if ('write' in step) {
      const length = Math.max(held.length, step.at + step.write.length);
      held = Buffer.concat([held, Buffer.alloc(length - held.length)]);
      step.write.copy(held, step.at);
    } else {
      held = held.subarray(0, step.cutTo);
    }
    return held.toString();
  });
}

for (const [what, before, next] of [
  ['longer', '{"flags": {"f": "off"}}', '{"flags": {"f": "p25-größer"}}\n'],
  ['shorter', '{"flags": {"f": "p25-größer"}}\n', '{"flags": {"f": "off"}}'],
  ['as long', '{"flags": {"f": "p25"}}', '{"flags": {"f": "off"}}'],
] as const) {
  test(`a file that is written in place with a ${what} text is whole after each step, and says one or the other`, () => {
    const states = statesOf(before, next);
    for (const state of states) {
      assert.ok([before.trim(), next.trim()].includes(state.trim()), state);
    }
    assert.equal(states.at(-1), next);
  });
}
