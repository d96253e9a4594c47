import { createHash } from 'node:crypto';
import { percentOf } from '../../src/rollout/state.ts';
import { CONTROLLERS, kindOf } from './actions.ts';
import { ask, carryOut, revive } from './doings.ts';
import type { Schedule } from './schedule.ts';
import { createWorld, type World } from './world/world.ts';

/** What happened in one world, and what was reported in it, by name. */
export type Counts = {
  readonly done: Readonly<Record<string, number>>;
  readonly told: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly changes: number;
};

export type Outcome = {
  /** The promises that were not kept; none where all is well. */
  readonly violations: readonly string[];
  readonly simulatedMs: number;
  readonly counts: Counts;
  /** Of all that happened: the same schedule gives the same one. */
  readonly digest: string;
  readonly story: readonly string[];
};

/** Runs one world from its schedule to its end: in the last minutes everything works again, and what is broken must be down. */
export async function runWorld(schedule: Schedule): Promise<Outcome> {
  const world = createWorld(schedule);
  const { clock, oracle } = world;
  const done: Record<string, number> = {};
  repeat(world, Math.max(1_000, schedule.tickMs), oracle.look);
  repeat(world, schedule.personEveryMs, () => lookAfter(world));
  for (const action of schedule.actions) {
    await clock.advance(Math.max(0, action.atMs - clock.now()));
    carryOut(world, action, schedule, () => {
      done[kindOf(action)] = (done[kindOf(action)] ?? 0) + 1;
    });
  }
  await clock.advance(Math.max(0, schedule.lastsMs - clock.now()));
  await healAndCheck(world, schedule);
  const { changes, told } = oracle.history();
  const kinds: Record<string, number> = {};
  for (const { event } of told) {
    kinds[event.kind] = (kinds[event.kind] ?? 0) + 1;
  }
  for (const controller of world.controllers.values()) {
    controller.kill();
  }
  const story = storyOf(world, schedule);
  return {
    violations: oracle.violations,
    simulatedMs: clock.now(),
    counts: { done, told: kinds, steps: clock.steps(), changes: changes.length },
    digest: createHash('sha256').update(story.join('\n')).digest('hex').slice(0, 16),
    story,
  };
}

function storyOf({ oracle }: World, schedule: Schedule): readonly string[] {
  const { changes, told } = oracle.history();
  return [
    ...changes.map(({ atMs, by, from, to }) => ({ atMs, text: `flag ${from} -> ${to} % by ${by}` })),
    ...told.map(({ atMs, by, event }) => ({ atMs, text: `${by} reports ${event.kind}: ${event.text}` })),
    ...schedule.actions.map(({ atMs, ...what }) => ({ atMs, text: `# ${JSON.stringify(what)}` })),
  ]
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, text }) => `${(atMs / 1_000).toFixed(3)} s  ${text}`);
}

function repeat({ clock }: World, everyMs: number, work: () => void): void {
  clock.after(everyMs, () => {
    work();
    repeat({ clock } as World, everyMs, work);
  });
}

/** Somebody on duty, who looks at the status now and then: begins anew what is down, approves what waits, resumes what is paused. */
function lookAfter(world: World): void {
  const leader = world.controllers.get(world.find('leader'));
  if (!leader?.isAlive() || leader.clock.isFrozen()) {
    return;
  }
  const { state, leading, noRaise } = leader.engine.snapshot();
  if (!leading || noRaise !== undefined) {
    return;
  }
  if (percentOf(state) === 0) {
    ask(world, 'leader', 'start');
  } else if (state.phase === 'awaiting-approval') {
    ask(world, 'leader', 'approve');
  } else if (state.phase === 'paused' || state.phase === 'rolled-back') {
    ask(world, 'leader', 'resume');
  }
}

async function healAndCheck(world: World, { tickMs, replicas: many }: Schedule): Promise<void> {
  const { clock, store, database, replicas, oracle, controllers } = world;
  await clock.advance(tickMs * 70);
  store.set('none');
  database.set('none');
  replicas.busy(true);
  replicas.lag();
  world.troubles.once('clocks');
  for (const name of CONTROLLERS) {
    database.cut(name, false);
    controllers.get(name)?.clock.set(0);
    if (!controllers.get(name)?.isAlive()) {
      revive(world, name);
    }
  }
  for (let at = 0; at < many; at += 1) {
    replicas.set(at, 'none');
  }
  await clock.advance(Math.max(180_000, tickMs * 60));
  const percent = store.percent();
  if (database.firing().length > 0 && percent > 0) {
    oracle.fail('nothing is served while an alert fires', `the flag says ${percent} %`);
  }
  if (!replicas.serves(percent)) {
    oracle.fail('every replica serves what the flag says', `one does not serve ${percent} %`);
  }
  const leader = [...controllers.values()].find((each) => each.isAlive() && each.leads());
  const seen = leader?.engine.snapshot();
  if (seen === undefined || percentOf(seen.state) !== percent) {
    oracle.fail('the leader knows what is served', `${seen && percentOf(seen.state)} % and not ${percent} %`);
  } else if (seen.buffered > 0 || (seen.held.kind === 'known' && seen.held.debt !== undefined)) {
    oracle.fail('what was decided is written in the end', `${seen.buffered} events wait`);
  }
  oracle.checkExplained(database.has);
}
