import { type Plan, parsePlan } from '../../../src/rollout/plan.ts';
import { CONTROLLERS, type Moment, type Name, type Who } from '../actions.ts';
import { createOracle, type Oracle } from '../oracle/oracle.ts';
import type { Schedule } from '../schedule.ts';
import { createWorldClock, type WorldClock } from './clock.ts';
import { type SimulatedController, startSimulatedController } from './controller.ts';
import { createSimulatedStore, FLAG, type SimulatedStore } from './flag-store.ts';
import { createSimulatedDatabase, type SimulatedDatabase } from './journal.ts';
import { createReplicas, type Replicas } from './replicas.ts';
import { createTroubles, type Troubles } from './troubles.ts';

export const START_MS = Date.UTC(2026, 0, 1);

export type World = {
  readonly clock: WorldClock;
  readonly store: SimulatedStore;
  readonly database: SimulatedDatabase;
  readonly replicas: Replicas;
  readonly oracle: Oracle;
  readonly troubles: Troubles;
  readonly controllers: ReadonlyMap<Name, SimulatedController>;
  readonly plan: () => Plan;
  /** By another plan from here on, where one is given. */
  readonly start: (name: Name, plan?: Plan) => void;
  readonly find: (who: Who) => Name;
  /** Waits for the next such moment. */
  readonly arm: (moment: Moment, run: () => void) => void;
};

export type Planned = { readonly lease: boolean; readonly without: number | undefined };

/** Stages and windows are as many looks in each world, however often it looks. */
export function planFor({ tickMs, isRich }: Schedule, { lease, without }: Planned): Plan {
  const ticks = (many: number) => `${Math.max(2, Math.round((tickMs * many) / 1_000))}s`;
  const stages = [
    { percent: 5, more: `observe: ${ticks(20)}` },
    { percent: 10, more: `observe: ${ticks(20)}` },
    { percent: 25, more: `observe: ${ticks(40)}, approval: required` },
    { percent: 50, more: `observe: ${ticks(40)}` },
  ].filter(({ percent }) => percent !== without);
  const more = `
  - { name: slow, measure: latency-p95, limit: 200ms, window: ${ticks(6)}, onBreach: previous }
  - { name: checks, measure: mismatches, limit: 0, onBreach: off }`;
  return parsePlan(`rollout: simulated
flag: ${FLAG}
stages:
${stages.map(({ percent, more: rest }) => `  - { percent: ${percent}, ${rest} }`).join('\n')}
watch: 720h
guards:
  - { name: errors, measure: error-rate, limit: 5%, window: ${ticks(6)}, onBreach: off }${isRich ? more : ''}
minSamples: 20
${lease ? `lease: ${ticks(60)}` : ''}
${isRich ? 'rollbackWith: disabled' : ''}
`);
}

export function createWorld(schedule: Schedule): World {
  const { tickMs, isRich } = schedule;
  const clock = createWorldClock(START_MS);
  const troubles = createTroubles(clock.now);
  const controllers = new Map<Name, SimulatedController>();
  const armed: { readonly moment: Moment; readonly run: () => void }[] = [];
  let plan = planFor(schedule, { lease: schedule.lease, without: undefined });

  const reach = (moment: Moment): void => {
    for (const { run } of armed.filter((each) => each.moment === moment)) {
      run();
    }
    armed.splice(0, armed.length, ...armed.filter((each) => each.moment !== moment));
  };
  const store = createSimulatedStore({
    clock,
    wallStartMs: START_MS,
    isShared: isRich,
    onChange: (change) => {
      oracle.onChange(change);
      replicas.notify();
    },
  });
  const flag = store.percent;
  const parts = { clock, many: schedule.replicas, wallStartMs: START_MS, flag, withDurations: isRich };
  const replicas = createReplicas(parts);
  const database = createSimulatedDatabase(clock, () => reach('raise'));
  const isUp = (name: Name): boolean => {
    const found = controllers.get(name);
    return found?.isAlive() === true && !found.clock.isFrozen();
  };
  const oracle = createOracle({
    now: clock.now,
    after: clock.after,
    tickMs,
    personEveryMs: schedule.personEveryMs,
    percent: store.percent,
    hasLease: store.hasLease,
    mostServed: replicas.mostServed,
    failing: replicas.failing,
    holder: database.holder,
    outOfReachAtMs: database.outOfReachAtMs,
    isUp,
    plan: () => plan,
    quietForMs: troubles.quietForMs,
  });
  const start = (name: Name, next = plan): void => {
    plan = next;
    oracle.onBegun(name);
    controllers.set(
      name,
      startSimulatedController(
        {
          clock,
          plan,
          tickMs,
          store,
          database,
          replicas,
          onEvent: (by, event) => {
            oracle.onEvent(by, event);
            if (event.kind === 'rolling-back') {
              reach('lower');
            }
          },
          onError: (error) => oracle.fail('the engine has no unexpected error', String(error)),
          onEnded: oracle.onEnded,
        },
        name,
      ),
    );
  };
  const leader = (): Name => CONTROLLERS.find((name) => name === database.holder()) ?? 'a';
  const find = (who: Who): Name => {
    const at = leader();
    return who === 'leader' ? at : who === 'standby' ? (at === 'a' ? 'b' : 'a') : who;
  };
  for (const name of CONTROLLERS) {
    start(name);
  }
  const arm = (moment: Moment, run: () => void): void => {
    armed.push({ moment, run });
  };
  return { clock, store, database, replicas, oracle, troubles, controllers, plan: () => plan, start, find, arm };
}
