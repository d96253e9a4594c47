import type { Role } from '../../src/controller/engine/authority.ts';
import { createDecider } from '../../src/controller/engine/decider.ts';
import type { Command } from '../../src/rollout/command.ts';
import type { State } from '../../src/rollout/state.ts';
import type { Verdict } from '../../src/rollout/verdict.ts';
import { PLAN, startCarryOut } from './carry-out-fixture.ts';
import { verdict } from './verdict-fixture.ts';

/** A decider that sees a breach, or health, in the role and over the flag that the test says. */
export function startDecider(state: State, seen: { role?: Role; verdicts?: readonly Verdict[] } = {}) {
  const one = startCarryOut(state);
  const now = {
    role: 'leader' as Role,
    verdicts: [verdict('healthy')] as readonly Verdict[],
    firing: [] as string[],
    journalSilent: false,
    ...seen,
  };
  const decider = createDecider({
    plan: PLAN,
    holder: one.holder,
    carry: one.carry,
    keeper: {
      save: async () => true,
      contact: () => ({ answers: true, heardAtMs: now.journalSilent ? 0 : one.clock.monotonic() }),
    },
    recorder: { record: (event) => void one.events.push(event) },
    clock: one.clock,
    tickMs: 1_000,
    role: () => now.role,
    verdicts: () => now.verdicts,
    firing: () => now.firing,
    whyNoRaise: () => (now.role === 'leader' ? undefined : 'this controller stands by'),
    evidence: () => undefined,
    flag: () => ({ kind: 'read', percent: one.flag.percent, leaseUntilMs: undefined }),
  });
  return {
    ...one,
    now,
    decider,
    tick: () => decider.step({ kind: 'tick' }, one.clock.now()),
    ask: (name: Command['name'], to?: number) =>
      decider.step({ kind: 'command', command: { name, actor: 'ann', reason: '', to } }, one.clock.now()),
  };
}
