import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { parsePlan } from '../../rollout/plan.ts';
import { percentOf, type State } from '../../rollout/state.ts';
import type { Role } from './authority.ts';
import { createDecider } from './decider.ts';
import { createHolder } from './holder.ts';

const plan = parsePlan(`
rollout: r
flag: f
stages: [{ percent: 5, observe: 5m }, { percent: 25, observe: 5m }]
guards: [{ name: errors, measure: error-rate, limit: 1%, onBreach: off }]
`);
const observing = (percent: number): State => ({
  phase: 'observing',
  percent,
  sinceMs: 1,
  healthyMs: 0,
  countedAtMs: 1,
});
const ROLLBACK = { kind: 'command', command: { name: 'rollback', actor: 'ann', reason: '' } } as const;
const ALERT = { kind: 'alert', id: 'a1', alert: 'Slow' } as const;

/** A decider over what it is given; `done` says what it asked for. */
function decider(role: Role, state: State, isRaising: boolean) {
  const done: string[] = [];
  const clock = createFakeClock();
  const holder = createHolder(() => {});
  holder.set({ kind: 'known', state, revision: 1, ahead: false, debt: undefined });
  const { step } = createDecider({
    plan,
    holder,
    clock,
    tickMs: 500,
    role: () => role,
    carry: {
      isRaising: () => isRaising,
      endRaise: (why: string) => done.push(`ends the raise: ${why}`),
      lower: async (decision: { state: State }) => done.push(`lowers to ${percentOf(decision.state)}`),
      raise: async () => done.push('raises'),
    } as never,
    keeper: { save: async () => true, contact: () => ({ answers: true, heardAtMs: clock.monotonic() }) },
    recorder: { record: ({ text }) => done.push(text) },
    verdicts: () => [],
    firing: () => [],
    whyNoRaise: () => undefined,
    evidence: () => undefined,
    flag: () => undefined,
  });
  return { step: (input: Parameters<typeof step>[0]) => step(input, clock.now()), done };
}

describe("a person's rollback", () => {
  test('is carried out also at 0 %, where another controller may have raised it a moment ago', async () => {
    const { step, done } = decider('standby', { phase: 'idle' }, false);
    assert.equal((await step(ROLLBACK)).kind, 'changed');
    assert.deepEqual(done, ['lowers to 0']);
  });

  test('is carried out while the first raise is under way', async () => {
    const { step, done } = decider('leader', { phase: 'idle' }, true);
    await step(ROLLBACK);
    assert.deepEqual(done, ['lowers to 0']);
  });
});

describe('an alert', () => {
  test('ends the raise from 0 % that is under way', async () => {
    const { step, done } = decider('leader', { phase: 'idle' }, true);
    await step(ALERT);
    assert.deepEqual(done, ['ends the raise: an alert fires']);
  });

  test('lowers what is served, whoever leads', async () => {
    for (const role of ['leader', 'standby', 'orphan', 'alone'] as const) {
      const { step, done } = decider(role, observing(5), false);
      await step(ALERT);
      assert.deepEqual(done, ['lowers to 0'], role);
    }
  });
});
