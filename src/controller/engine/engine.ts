import { percentOf } from '../../rollout/state.ts';
import type { EngineParts } from './parts.ts';
import { REHEARSE_TICK_MS } from './rehearsal.ts';
import { type Wired, wire } from './wiring.ts';

const JOURNAL_EVERY_MS = 1_000;

export type Engine = ReturnType<typeof createEngine>;

/**
 * Joins signals, decisions and the lever. Each source, the flag and the journal are read in loops of their own, so that a slow one
 * holds up no other; what they bring is decided on at once, and carried out in two lanes of which the lowering one goes first.
 */
export function createEngine(parts: EngineParts) {
  const wired = wire(parts);
  const { tasks, keeper, recorder, requests } = wired;
  return {
    ...requests,
    start: (): void => start(parts, wired),
    listen: recorder.listen,
    /** The newest first. */
    remembered: recorder.remembered,
    /** Another one whenever something was recorded or the journal took it. */
    revision: recorder.revision,
    snapshot: () => snapshot(parts, wired),
    stop: async (): Promise<void> => {
      await tasks.end();
      await keeper.save();
      await recorder.flush();
      await parts.measuring.close(wired.role() === 'leader');
    },
  };
}

function start(parts: EngineParts, wired: Wired): void {
  const { tasks, intake, flagKeeper, keeper, recorder, kept, rehearsals, role } = wired;
  const { sources, witness, tickMs, measuring } = parts;
  for (const source of sources) {
    tasks.every(tickMs, () => intake.look(source));
  }
  if (witness !== undefined && !sources.includes(witness)) {
    tasks.every(tickMs, intake.lookAtWitness);
  }
  tasks.every(tickMs, flagKeeper.look);
  const journalEveryMs = Math.max(JOURNAL_EVERY_MS, tickMs);
  tasks.every(journalEveryMs, async () => {
    await keeper.keep();
    goOnConfirming(wired);
  });
  tasks.every(journalEveryMs, kept.look);
  tasks.every(journalEveryMs, recorder.flush);
  tasks.every(journalEveryMs, () => measuring.keep(role() === 'leader'));
  tasks.every(Math.max(REHEARSE_TICK_MS, tickMs), rehearsals.tick);
}

/** What another controller wrote, or this one before a restart, and nobody has seen served by all yet. */
function goOnConfirming({ holder, follower, role }: Wired): void {
  const held = holder.get();
  if (role() === 'leader' && held.kind === 'known' && held.debt === undefined) {
    follower.goOn(percentOf(held.state));
  }
}

function snapshot({ sources, witness, clock }: EngineParts, wired: Wired) {
  const { holder, flagKeeper, intake, follower, watch, keeper, recorder, problems } = wired;
  return {
    nowMs: clock.now(),
    state: holder.state(),
    held: holder.get(),
    flag: flagKeeper.flag(),
    served: intake.served(),
    change: follower.change(),
    readsNoReplicas: witness === undefined,
    verdicts: wired.verdicts(),
    evidence: sources.map(({ name }) => watch.evidence(name)).find((each) => each !== undefined),
    problems: watch.problems(),
    troubles: problems.now(),
    firing: wired.firing(),
    rehearsal: wired.rehearsals.last(),
    leverProblem: wired.leverProblem(),
    leading: wired.role() === 'leader',
    journalIsAway: !keeper.contact().answers,
    buffered: recorder.buffered(),
    noRaise: wired.whyNoRaise(),
  };
}
