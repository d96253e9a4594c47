import type { Role } from '../../src/controller/engine/authority.ts';
import { createFlagKeeper } from '../../src/controller/engine/flag-keeper.ts';
import type { FlagReading } from '../../src/controller/engine/ports.ts';
import type { Input } from '../../src/rollout/decide.ts';
import type { State } from '../../src/rollout/state.ts';
import { PLAN, raising, startCarryOut } from './carry-out-fixture.ts';

/** A keeper over the flag and the journal that the test says; what it asks to be decided stands in `decided`. */
export function startFlagKeeper(state: State, role: Role = 'leader') {
  const one = startCarryOut(state);
  const now = { role, read: 'works' as 'works' | 'hangs' | FlagReading, journalHangs: false };
  const [inputs, begun]: [Input[], number[]] = [[], []];
  let loads = 0;
  let heardAtMs = Number.NEGATIVE_INFINITY;
  const keeper = createFlagKeeper({
    plan: PLAN,
    lever: {
      name: 'file',
      where: 'flags.json',
      read: async () => {
        const percent = one.flag.percent;
        if (now.read === 'hangs') {
          return new Promise(() => {});
        }
        await one.clock.sleep(10);
        return now.read === 'works' ? { kind: 'read', percent, leaseUntilMs: undefined } : now.read;
      },
      write: async () => ({ kind: 'written' }),
      rehearse: async () => ({ kind: 'works', way: 'replace' }),
    },
    carry: one.carry,
    decider: {
      step: async (input) => {
        inputs.push(input);
        return { kind: 'none', state: one.holder.state() };
      },
    },
    holder: one.holder,
    keeper: {
      contact: () => ({ answers: true, heardAtMs }),
      load: () => {
        loads += 1;
        heardAtMs = now.journalHangs ? heardAtMs : one.clock.monotonic();
        return now.journalHangs ? new Promise(() => {}) : Promise.resolve();
      },
    },
    follower: { begin: ({ percent }) => void begun.push(percent) },
    problems: one.problems,
    recorder: { record: (event) => void one.events.push(event) },
    clock: one.clock,
    role: () => now.role,
    stop: one.signal,
    hasten: () => {},
  });
  const look = async () => {
    const looked = keeper.look();
    await one.clock.advance(10);
    await looked;
  };
  return {
    ...one,
    now,
    look,
    flagNow: keeper.flag,
    rawLook: keeper.look,
    loads: () => loads,
    edits: () => inputs.map((input) => (input.kind === 'flag-edited' ? `${input.percent} ${input.by}` : input.kind)),
    /** Looks each 200 ms. */
    lookFor: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 200) {
        await look();
        await one.clock.advance(190);
      }
    },
    raiseUnclear: async (from: number, to: number) => {
      one.mood.lever = { afterMs: 5_000 };
      const done = one.carry.raise(raising(from, to), 0);
      await one.clock.advance(2_500);
      await done;
      one.mood.lever = 'works';
    },
  };
}
