import { percentOf } from '../../rollout/state.ts';
import { createCarryOut } from './carry-out.ts';
import { createDecider } from './decider.ts';
import { note } from './event-text.ts';
import { createFacts } from './facts.ts';
import { createFiringAlerts } from './firing-alerts.ts';
import { createFlagKeeper } from './flag-keeper.ts';
import { createFollower } from './follower.ts';
import type { Debt } from './held.ts';
import { createHolder } from './holder.ts';
import { createIntake } from './intake.ts';
import { createJournalKeeper } from './journal-keeper.ts';
import { createKeptMismatches } from './kept-mismatches.ts';
import { isLeverProblem } from './lanes.ts';
import { recordLoaded } from './loaded-events.ts';
import { isAboutMismatches, nameMismatches } from './mismatches.ts';
import type { EngineParts } from './parts.ts';
import { createProblems } from './problems.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createRehearsals } from './rehearsal.ts';
import { createRequests } from './requests.ts';
import { createTasks } from './tasks.ts';
import { createWatch } from './watch.ts';

/** What every piece may use: it knows none of the others. @param onStage another stage, or another percent, is served. */
function createCommon(engine: EngineParts, onStage: () => void) {
  const { plan, sources, clock, log, journal } = engine;
  const tasks = createTasks(clock, log);
  const recorder = createRecorder(journal, clock, log);
  const names = sources.map(({ name }) => name);
  const watch = createWatch(plan, names, clock.now());
  const recordProblem = (problem: string, text: string) =>
    recorder.record(
      isLeverProblem(problem) && !text.startsWith('Over')
        ? note({ kind: 'lever-failed', text, details: {} }, clock.now())
        : note({ kind: 'trouble', text, details: { problem } }, clock.now()),
    );
  const problems = createProblems(clock, recordProblem);
  const holder = createHolder(() => {
    watch.beginStage(clock.now());
    problems.report('raise', undefined);
    onStage();
  });
  const alerts = createFiringAlerts();
  return { ...engine, tasks, recorder, watch, holder, alerts, problems, stop: tasks.stop, run: tasks.run };
}

/** Makes the engine's pieces, and gives each what it needs of the others. What a piece asks of one below it, it asks when it runs. */
export function wire(engine: EngineParts) {
  const common = createCommon(engine, () => common.run(kept.look()));
  const { holder, watch, clock } = common;
  const rehearsals = createRehearsals(common);
  const kept = createKeptMismatches({
    ...common,
    store: engine.mismatches,
    state: holder.state,
    isLeader: () => facts.role() === 'leader',
    onFound: () => decider.step({ kind: 'tick' }, clock.now()),
  });
  const follower = createFollower({
    ...common,
    writeAgain: async (percent, signal) => {
      if (!signal.aborted && percentOf(holder.state()) === percent) {
        await carry.writeAgain(percent, signal);
      }
    },
    onConfirmed: () => void keeper.save(),
  });
  const keeper = createJournalKeeper({
    ...common,
    flag: () => flagKeeper.flag(),
    unconfirmed: follower.unconfirmed,
    legacyBaseline: watch.legacyBaseline,
    intent: () => carry.intent(),
    onRead: ({ state, legacyBaseline }) => {
      // At 0 % legacy has all requests, and its own baseline soon: one of long ago would say less.
      if (percentOf(state) > 0) {
        watch.inherit(legacyBaseline ?? {});
      }
    },
    onLoaded: (before, row) => {
      follower.inherit(row?.unconfirmed);
      const isLeader = facts.role() === 'leader';
      recordLoaded({ ...common, isLeader }, before, row);
      if (isLeader) {
        common.run(carry.settleDebt());
      }
    },
  });
  const [flag, served] = [() => flagKeeper.flag(), () => intake.served()];
  const facts = createFacts({ ...common, rehearsals, kept, keeper, flag, served });
  const carry = createCarryOut({
    ...common,
    ...facts,
    keeper,
    follower,
    hasten: rehearsals.hasten,
    onLowered: (debt) => common.run(nameRecords(common, debt)),
  });
  const decider = createDecider({ ...common, ...facts, carry, keeper, flag: () => flagKeeper.flag() });
  const { hasten } = rehearsals;
  const flagKeeper = createFlagKeeper({ ...common, ...facts, hasten, carry, decider, keeper, follower });
  const intake = createIntake({ ...common, ...facts, decider });
  const requests = createRequests({ ...common, ...facts, decider, carry, keeper });
  return { ...common, ...facts, kept, rehearsals, follower, keeper, carry, flagKeeper, intake, requests };
}

type Common = Pick<EngineParts, 'plan' | 'mismatches' | 'clock'> & {
  readonly recorder: Pick<Recorder, 'record'>;
  readonly stop: AbortSignal;
};

/** After the flag, and without holding anything up: which records a rollback for mismatches is about. */
async function nameRecords({ plan, mismatches, clock, recorder, stop }: Common, { why, sinceMs, seenAtMs }: Debt) {
  const named = isAboutMismatches(plan, why)
    ? await nameMismatches(mismatches, sinceMs ?? seenAtMs, clock, stop)
    : undefined;
  if (named !== undefined) {
    recorder.record(note(named, clock.now()));
  }
}

export type Wired = ReturnType<typeof wire>;
