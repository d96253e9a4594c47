import { createHash } from 'node:crypto';
import { parsePlan } from '../../src/rollout/plan.ts';
import { percentOf } from '../../src/rollout/state.ts';
import { createOracle, type Oracle } from './oracle.ts';
import { type Action, CONTROLLERS, REPLICAS, type Schedule } from './schedule.ts';
import { createWorldClock, type WorldClock } from './world/clock.ts';
import { type SimulatedController, startSimulatedController } from './world/controller.ts';
import { createSimulatedStore, FLAG, type SimulatedStore } from './world/flag-store.ts';
import { createSimulatedDatabase, type SimulatedDatabase } from './world/journal.ts';
import { createReplicas, type Replicas } from './world/replicas.ts';

const START_MS = Date.UTC(2026, 0, 1);

export type Outcome = {
  /** The promises that were not kept; none where all is well. */
  readonly violations: readonly string[];
  readonly simulatedMs: number;
  /** Of all that happened: the same schedule gives the same one. */
  readonly digest: string;
  readonly story: readonly string[];
};

export type World = {
  readonly clock: WorldClock;
  readonly store: SimulatedStore;
  readonly database: SimulatedDatabase;
  readonly replicas: Replicas;
  readonly oracle: Oracle;
  readonly controllers: Map<string, SimulatedController>;
  readonly start: (name: string) => void;
};

function planFor({ tickMs, lease }: Schedule) {
  const observe = (ticks: number) => `${Math.max(2, Math.round((tickMs * ticks) / 1_000))}s`;
  return parsePlan(`rollout: simulated
flag: ${FLAG}
stages:
  - { percent: 5, observe: ${observe(20)} }
  - { percent: 10, observe: ${observe(20)} }
  - { percent: 25, observe: ${observe(40)}, approval: required }
  - { percent: 50, observe: ${observe(40)} }
watch: ${observe(400)}
guards:
  - { name: errors, measure: error-rate, limit: 5%, window: ${observe(6)}, onBreach: off }
minSamples: 20
${lease ? `lease: ${observe(60)}` : ''}
`);
}

function createWorld(schedule: Schedule): World {
  const clock = createWorldClock(START_MS);
  const plan = planFor(schedule);
  const replicas = createReplicas(clock, REPLICAS, START_MS);
  const store = createSimulatedStore(clock, (change) => {
    oracle.onChange(change);
    replicas.told(store.percent);
  });
  const database = createSimulatedDatabase();
  const oracle = createOracle(plan, { now: clock.now, percent: store.percent, mostServed: replicas.mostServed });
  const controllers = new Map<string, SimulatedController>();
  const start = (name: string): void => {
    const parts = { world: clock, plan, tickMs: schedule.tickMs, store, database, replicas };
    const onError = (error: unknown) => oracle.fail('the engine has no unexpected error', String(error));
    controllers.set(name, startSimulatedController({ ...parts, onEvent: oracle.onEvent, onError }, name));
  };
  for (const name of CONTROLLERS) {
    start(name);
  }
  return { clock, store, database, replicas, oracle, controllers, start };
}

/** Runs one world from its schedule to its end: in the last minutes everything works again, and what is broken must be down. */
export async function runWorld(schedule: Schedule): Promise<Outcome> {
  const world = createWorld(schedule);
  for (const action of schedule.actions) {
    await world.clock.advance(Math.max(0, action.atMs - world.clock.now()));
    carryOut(world, action);
  }
  await world.clock.advance(Math.max(0, schedule.lastsMs - world.clock.now()));
  await healAndCheck(world, schedule);
  const { changes, events } = world.oracle.history();
  const story = [
    ...changes.map(({ atMs, by, from, to }) => ({ atMs, text: `flag ${from} -> ${to} % by ${by}` })),
    ...events.map(({ atMs, by, event }) => ({ atMs, text: `${by} tells ${event.kind}: ${event.text}` })),
    ...schedule.actions.map(({ atMs, ...what }) => ({ atMs, text: `# ${JSON.stringify(what)}` })),
  ]
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, text }) => `${(atMs / 1_000).toFixed(3)} s  ${text}`);
  const digest = createHash('sha256').update(story.join('\n')).digest('hex').slice(0, 16);
  for (const controller of world.controllers.values()) {
    controller.kill();
  }
  return { violations: world.oracle.violations, simulatedMs: world.clock.now(), digest, story };
}

async function healAndCheck(world: World, { tickMs }: Schedule): Promise<void> {
  const { clock, store, database, replicas, oracle, controllers } = world;
  await clock.advance(tickMs * 70);
  store.set('none');
  database.set('none');
  replicas.busy(true);
  replicas.lag(50);
  for (const name of CONTROLLERS) {
    database.cut(name, false);
    if (!controllers.get(name)?.isAlive()) {
      world.start(name);
    }
  }
  for (const name of REPLICAS) {
    replicas.set(name, 'none', store.percent);
  }
  await clock.advance(Math.max(180_000, tickMs * 60));
  const percent = store.percent() ?? 0;
  if (replicas.fails() && percent > 0) {
    oracle.fail('after a breach the flag ends at its target', `it says ${percent} %, and domain fails`);
  }
  if (database.firing().length > 0 && percent > 0) {
    oracle.fail('nothing is served while an alert fires', `the flag says ${percent} %`);
  }
  if (replicas.mostServed() !== percent) {
    oracle.fail('every replica serves what the flag says', `${replicas.mostServed()} % and not ${percent} %`);
  }
  const leader = [...controllers.values()].find((each) => each.isAlive() && each.leads());
  const seen = leader?.engine.snapshot();
  if (seen === undefined || percentOf(seen.state) !== percent) {
    oracle.fail('the leader knows what is served', `${seen && percentOf(seen.state)} % and not ${percent} %`);
  } else if (seen.buffered > 0 || (seen.held.kind === 'known' && seen.held.debt !== undefined)) {
    oracle.fail('what was decided is written in the end', `${seen.buffered} events wait`);
  }
  oracle.checkExplained(database.events());
}

/** For so long, and then as it was. */
function during(world: World, forMs: number, set: (isOn: boolean) => void): void {
  set(true);
  world.clock.after(forMs, () => set(false));
}

type Doing = { readonly [K in Action['do']]: (world: World, action: Extract<Action, { readonly do: K }>) => void };

const byPerson = (world: World, action: { readonly do: 'start' | 'pause' | 'resume' | 'approve' | 'promote' }): void =>
  command(world, action.do);

const DOING: Doing = {
  start: byPerson,
  pause: byPerson,
  resume: byPerson,
  approve: byPerson,
  promote: byPerson,
  rollback: ({ controllers }, { who }) => {
    void controllers.get(who)?.engine.command({ name: 'rollback', actor: 'ann', reason: '', to: undefined });
  },
  edit: ({ oracle, store }, { percent }) => {
    oracle.onDeed('edit', percent);
    store.edit(percent, 'a person');
  },
  gitops: (world, action) => putBack(world, action, world.clock.now() + action.forMs),
  break: (world, { forMs }) => during(world, forMs, (is) => world.replicas.breakDomain(is)),
  quiet: (world, { forMs }) => during(world, forMs, (is) => world.replicas.busy(!is)),
  store: (world, { fault, forMs }) => during(world, forMs, (is) => world.store.set(is ? fault : 'none')),
  database: (world, { fault, forMs }) => during(world, forMs, (is) => world.database.set(is ? fault : 'none')),
  'lose-row': ({ database }) => database.loseLastRow(),
  cut: (world, { who, forMs }) => during(world, forMs, (is) => world.database.cut(who, is)),
  freeze: ({ controllers, clock }, { who, forMs }) => controllers.get(who)?.clock.freeze(clock.now() + forMs),
  kill: (world, { who, forMs }) =>
    during(world, forMs, (is) => (is ? world.controllers.get(who)?.kill() : revive(world, who))),
  jump: ({ controllers }, { who, ms }) => controllers.get(who)?.clock.jump(ms),
  replica: (world, { name, fault, forMs }) =>
    during(world, forMs, (is) => world.replicas.set(name, is ? fault : 'none', world.store.percent)),
  restart: ({ replicas, store }, { name }) => replicas.restart(name, store.percent),
  lag: (world, { ms, forMs }) => during(world, forMs, (is) => world.replicas.lag(is ? ms : 50)),
  alert: (world, action) => alert(world, action),
};

const carryOut = <K extends Action['do']>(world: World, action: Extract<Action, { readonly do: K }>): void =>
  (DOING[action.do as K] as (world: World, action: Extract<Action, { readonly do: K }>) => void)(world, action);

function revive(world: World, name: string): void {
  if (!world.controllers.get(name)?.isAlive()) {
    world.start(name);
  }
}

/** As a person does: to whoever leads. */
function command({ controllers, oracle }: World, name: 'start' | 'pause' | 'resume' | 'approve' | 'promote'): void {
  const leader = [...controllers.values()].find((each) => each.isAlive() && each.engine.snapshot().leading);
  if (leader === undefined) {
    return;
  }
  if (name !== 'pause') {
    oracle.onDeed(name);
  }
  void leader.engine.command({ name, actor: 'ann', reason: '', to: undefined });
}

/** A program that writes what its repository says, again and again. */
function putBack(world: World, action: Extract<Action, { do: 'gitops' }>, untilMs: number): void {
  if (world.store.percent() !== action.percent) {
    world.oracle.onDeed('edit', action.percent);
    world.store.edit(action.percent, 'gitops');
  }
  if (world.clock.now() < untilMs) {
    world.clock.after(action.everyMs, () => putBack(world, action, untilMs));
  }
}

function alert({ clock, controllers }: World, { who, forMs, repeats, late }: Extract<Action, { do: 'alert' }>): void {
  const startsAtMs = START_MS + clock.now();
  const one = { fingerprint: `f${startsAtMs}`, name: 'Slow', startsAtMs, summary: '' };
  const tell = (name: string, status: 'firing' | 'resolved') =>
    void controllers.get(name)?.engine.alerted([{ status, alert: one }]);
  tell(who, 'firing');
  if (repeats) {
    clock.after(forMs / 2, () => tell('a', 'firing'));
  }
  clock.after(forMs, () => {
    tell('a', 'resolved');
    tell('b', 'resolved');
  });
  if (late) {
    clock.after(forMs + 3_000, () => tell('b', 'firing'));
  }
}
