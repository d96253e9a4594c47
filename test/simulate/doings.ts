import type { Command } from '../../src/rollout/command.ts';
import { type Action, CONTROLLERS, type Doing, type Name, type Who } from './actions.ts';
import type { Schedule } from './schedule.ts';
import type { Part } from './world/troubles.ts';
import { planFor, START_MS, type World } from './world/world.ts';

type Carry = (world: World, action: Action, schedule: Schedule) => void;
type Doings = {
  readonly [K in Doing]: (world: World, action: Extract<Action, { readonly do: K }>, schedule: Schedule) => void;
};

/** For so long, and then as it was. */
function during(world: World, part: Part, forMs: number, set: (isOn: boolean) => void): void {
  world.troubles.begin(part);
  set(true);
  world.clock.after(forMs, () => {
    set(false);
    world.troubles.end(part);
  });
}

/** As a person does, and it is taken in once the process runs. */
export function ask(world: World, who: Who, name: Command['name']): void {
  const by = world.find(who);
  const controller = world.controllers.get(by);
  if (!controller?.isAlive()) {
    return;
  }
  void controller.clock.sleep(0).then(async () => {
    world.oracle.onAsked(by, name);
    const outcome = await controller.engine.command({ name, actor: 'ann', reason: '', to: undefined });
    if (outcome.kind === 'done') {
      world.oracle.onDone(by, name);
    }
  });
}

const byPerson = (world: World, action: Action): void => ask(world, 'leader', action.do as Command['name']);

function end(world: World, { who, forMs }: { readonly who: Who; readonly forMs: number }, how: 'kill' | 'stop'): void {
  const name = world.find(who);
  during(world, 'controllers', forMs, (is) => (is ? world.controllers.get(name)?.[how]() : revive(world, name)));
}

export function revive(world: World, name: Name): void {
  const controller = world.controllers.get(name);
  if (controller?.isAlive()) {
    // It was asked to end and takes too long.
    controller.kill();
  }
  world.start(name);
}

/** A program that writes what its repository says, again and again. */
function putBack(world: World, action: Extract<Action, { do: 'gitops' }>, untilMs: number): void {
  if (world.store.percent() !== action.percent) {
    world.oracle.onHappening();
    world.store.edit(action.percent, 'gitops');
  }
  if (world.clock.now() < untilMs) {
    world.clock.after(action.everyMs, () => putBack(world, action, untilMs));
  }
}

function churn(world: World, { everyMs, forMs }: Extract<Action, { do: 'churn' }>): void {
  for (let atMs = everyMs, at = 0; atMs < forMs; atMs += everyMs, at += 1) {
    world.clock.after(atMs, () => {
      world.troubles.once('replicas');
      world.replicas.replace(at);
    });
  }
}

function alert(world: World, { who, resolvedAt, forMs, everyMs, lateMs }: Extract<Action, { do: 'alert' }>): void {
  const { clock, controllers, oracle } = world;
  const startsAtMs = START_MS + clock.now();
  const one = { fingerprint: `f${startsAtMs}`, name: `Slow${startsAtMs}`, startsAtMs, summary: '' };
  let isOver = false;
  const send = (to: Who | 'both', status: 'firing' | 'resolved'): void => {
    for (const name of to === 'both' ? CONTROLLERS : [world.find(to)]) {
      const controller = controllers.get(name);
      if (controller?.isAlive()) {
        void controller.clock.sleep(0).then(() => {
          const isLate = isOver && status === 'firing';
          isOver ||= status === 'resolved';
          oracle.onAlert(name, one.name, status, isLate);
          if (status === 'firing' && !isLate) {
            oracle.onMustLower(name, `${one.name} fires`);
          }
          return controller.engine.alerted([{ status, alert: one }]);
        });
      }
    }
  };
  for (let atMs = 0; atMs < forMs; atMs += everyMs) {
    clock.after(atMs, () => send(who, 'firing'));
  }
  clock.after(forMs, () => send(resolvedAt, 'resolved'));
  if (lateMs !== undefined) {
    clock.after(forMs + lateMs, () => send(who, 'firing'));
  }
}

const DOINGS: Doings = {
  start: byPerson,
  pause: byPerson,
  resume: byPerson,
  approve: byPerson,
  promote: byPerson,
  rollback: (world, { who }) => ask(world, who, 'rollback'),
  edit: ({ store }, { percent }) => store.edit(percent, 'a person'),
  gitops: (world, action) => putBack(world, action, world.clock.now() + action.forMs),
  break: ({ clock, replicas, oracle }, { how, forMs }, { isRich }) => {
    if (how === 'errors' || isRich) {
      replicas.breakDomain(how);
      oracle.onFailing();
      clock.after(forMs, () => {
        replicas.breakDomain(undefined);
        oracle.onFailing();
      });
    }
  },
  mismatch: ({ replicas, oracle }, { at }) => {
    if (replicas.mismatch(at)) {
      oracle.onMismatch();
    }
  },
  quiet: (world, { forMs }) => during(world, 'traffic', forMs, (is) => world.replicas.busy(!is)),
  store: (world, { fault, forMs }) => during(world, 'lever', forMs, (is) => world.store.set(is ? fault : 'none')),
  database: (world, { fault, forMs }) =>
    during(world, 'database', forMs, (is) => world.database.set(is ? fault : 'none')),
  'lose-row': ({ database, oracle, troubles }) => {
    troubles.once('database');
    oracle.onLost();
    database.loseLastRow();
  },
  cut: (world, { who, forMs }) => {
    const name = world.find(who);
    during(world, 'database', forMs, (is) => world.database.cut(name, is));
  },
  freeze: (world, { who, forMs }) => {
    const name = world.find(who);
    during(world, 'controllers', forMs, (is) =>
      world.controllers.get(name)?.clock.freeze(world.clock.now() + (is ? forMs : 0)),
    );
  },
  kill: (world, action) => end(world, action, 'kill'),
  stop: (world, action) => end(world, action, 'stop'),
  crash: (world, { who, step, forMs }) => {
    const name = world.find(who);
    const controller = world.controllers.get(name);
    controller?.clock.atStep(step, () =>
      during(world, 'controllers', forMs, (is) => (is ? controller.kill() : revive(world, name))),
    );
  },
  jump: ({ controllers, find, plan, troubles }, { who, ms }) => {
    // Controllers and replicas each measure a lease by their own clock: it is promised where these agree, as the docs say.
    if (plan().leaseMs === undefined) {
      troubles.once('clocks');
      controllers.get(find(who))?.clock.set(ms);
    }
  },
  replica: (world, { at, fault, forMs }) =>
    during(world, 'replicas', forMs, (is) => world.replicas.set(at, is ? fault : 'none')),
  restart: ({ replicas, troubles }, { at }) => {
    troubles.once('replicas');
    replicas.restart(at);
  },
  churn,
  lag: (world, { ms, forMs }) => during(world, 'replicas', forMs, (is) => world.replicas.lag(is ? ms : undefined)),
  replan: (world, action, schedule) => {
    world.troubles.once('controllers');
    for (const name of CONTROLLERS) {
      world.controllers.get(name)?.kill();
      world.start(name, planFor(schedule, action));
    }
  },
  alert,
};

/** @param onDone it has begun, which one that waits for a moment may never do. */
export function carryOut(world: World, action: Action, schedule: Schedule, onDone: () => void): void {
  const now = (): void => {
    onDone();
    world.oracle.onHappening();
    (DOINGS[action.do] as Carry)(world, action, schedule);
  };
  const { on } = action;
  if (on === undefined) {
    now();
  } else {
    world.arm(on.moment, () => world.clock.after(on.afterMs, now));
  }
}
