import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import { parsePlan } from '../../rollout/plan.ts';
import { percentOf, type State } from '../../rollout/state.ts';
import type { Changed } from '../../rollout/transitions.ts';
import { createCarryOut } from './carry-out.ts';
import { createHolder } from './holder.ts';
import type { FlagWrite, FlagWritten } from './ports.ts';
import { createProblems } from './problems.ts';

const plan = parsePlan(`
rollout: r
flag: f
stages: [{ percent: 10, observe: 1m }, { percent: 25, observe: 1m }]
guards: [{ name: mean, measure: latency-mean, limit: 100ms, onBreach: previous }]
`);
const why = { kind: 'alert', alert: 'Slow', id: '' } as const;
const state: State = { phase: 'rolled-back', from: 25, to: 10, sinceMs: 0, why };
const TO_10: Changed = { kind: 'changed', state, event: 'rolled-back', from: 25, to: 10, why };
const REFUSED = { kind: 'refused', problems: ['flags.other.state is "on"'] } as const;

/** Carries one rollback to 10 % out over a flag that answers what the test says. */
async function lowered(answer: (asked: FlagWrite) => FlagWritten) {
  const clock = createFakeClock();
  const [events, asked, begun, troubles]: [JournalEvent[], number[], number[], string[]] = [[], [], [], []];
  const holder = createHolder(() => {});
  holder.set({
    kind: 'known',
    state: { phase: 'observing', percent: 25, sinceMs: 0, healthyMs: 0, countedAtMs: 0 },
    revision: 1,
    ahead: false,
    debt: undefined,
  });
  const carry = createCarryOut({
    plan,
    lever: {
      name: 'file',
      where: 'flags.json',
      read: async () => ({ kind: 'unreachable', why: 'not asked' }),
      rehearse: async () => ({ kind: 'works', way: 'replace' }),
      write: async (write) => {
        asked.push(write.percent);
        return answer(write);
      },
    },
    holder,
    keeper: { save: async () => true },
    recorder: { record: (event) => void events.push(event) },
    problems: createProblems(clock, (_name, text) => troubles.push(text)),
    follower: { begin: ({ percent }) => void begun.push(percent), beginAgain: () => {} },
    metrics: { countRollback: () => {} },
    clock,
    stop: new AbortController().signal,
    hasten: () => {},
    evidence: () => undefined,
    onLowered: () => {},
    whyNoRaise: () => undefined,
  });
  await carry.lower(TO_10, clock.now());
  const held = holder.get();
  return {
    events,
    asked,
    begun,
    troubles,
    percent: percentOf(holder.state()),
    isOwed: held.kind === 'known' && held.debt !== undefined,
  };
}

test('a rollback to a stage that flagd would refuse, whoever broke the flags, goes to 0 %, and says why', async () => {
  const done = await lowered(({ percent }) => (percent > 0 ? { ...REFUSED, by: 'content' } : { kind: 'written' }));
  assert.deepEqual([done.asked, done.percent, done.isOwed, done.begun], [[10, 0], 0, false, [0]]);
  assert.deepEqual(
    done.events.map(({ kind, from, to }) => [kind, from, to]),
    [
      ['rolling-back', 25, 10],
      ['rolling-back', 25, 0],
      ['rolled-back', 25, 0],
    ],
  );
  assert.match(
    done.events[1]?.text ?? '',
    /from 25 % to 0 %: alert Slow\. It is not 10 %, which was refused: flags\.other\.state is "on"\.$/,
  );
  assert.deepEqual(done.troubles, []);
});

test('a rollback to a stage that the store refuses stays a rollback to that stage, and the lever fails by name', async () => {
  const done = await lowered(() => ({ ...REFUSED, by: 'store' }));
  assert.deepEqual([done.asked, done.percent, done.isOwed], [[10], 10, true]);
  assert.match(done.troubles.join(), /^The lever fails: flags\.json could not be lowered to 10 %/);
});

test('a rollback to 0 % that is refused for its content is owed, and fails by name', async () => {
  const done = await lowered(() => ({ ...REFUSED, by: 'content' }));
  assert.deepEqual([done.asked, done.percent, done.isOwed], [[10, 0], 0, true]);
  assert.match(done.troubles.join(), /could not be lowered to 0 %/);
});
