import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { schedules, schedulesWith } from './arbitrary.ts';
import { FAULT_KINDS, kindOf } from './kinds.ts';
import { LIMITS, readSchedule, type Step } from './schedule.ts';

const count = (steps: readonly Step[], ...kinds: Step['kind'][]) =>
  steps.filter(({ kind }) => kinds.includes(kind)).length;

test('every schedule that is generated can be printed and read back', () => {
  fc.assert(
    fc.property(schedules, (schedule) => {
      assert.deepEqual(readSchedule(JSON.stringify(schedule)), schedule);
      assert.deepEqual(readSchedule(JSON.stringify({ seed: 1, schedule })), schedule);
    }),
    { numRuns: 500 },
  );
});

test('a schedule has no more of the slow faults than its time allows', () => {
  fc.assert(
    fc.property(schedules, ({ steps }) => {
      assert.ok(steps.length <= LIMITS.steps);
      assert.ok(count(steps, 'database-restart') <= 1);
      assert.ok(count(steps, 'controller-kill') <= 1);
      assert.ok(count(steps, 'kill', 'rollout') <= 2);
    }),
    { numRuns: 500 },
  );
});

test('two hundred schedules have steps of nearly every kind, and some have none', () => {
  const sample = fc.sample(schedules, { numRuns: 200, seed: 1 });
  const seen = new Set(sample.flatMap(({ steps }) => steps.map(kindOf)));
  assert.ok(seen.size >= FAULT_KINDS.length - 3, `${seen.size} of ${FAULT_KINDS.length}`);
  assert.deepEqual(
    Array.from(seen).filter((kind) => !FAULT_KINDS.includes(kind)),
    [],
  );
  assert.ok(sample.some(({ steps }) => steps.length === 0));
});

test('for each kind there are schedules that have it', () => {
  for (const kind of FAULT_KINDS) {
    const [schedule] = fc.sample(schedulesWith(kind), { numRuns: 1, seed: 1 });
    assert.ok(
      schedule?.steps.some((step) => kindOf(step) === kind),
      kind,
    );
  }
});

test('a schedule that breaks the rules is refused with the place', () => {
  const [schedule] = fc.sample(schedulesWith('kill'), { numRuns: 1, seed: 1 });
  const wrong = (change: object) => readSchedule(JSON.stringify({ ...schedule, ...change })) as { wrong: string };
  assert.match(wrong({ writers: 1_000 }).wrong, /writers/);
  assert.match(wrong({ steps: [{ kind: 'meteor', atMs: 30 }] }).wrong, /steps/);
  assert.match((readSchedule('{"steps"') as { wrong: string }).wrong, /JSON/);
});
