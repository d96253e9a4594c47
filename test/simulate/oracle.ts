import type { JournalEvent } from '../../src/rollout/event.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import { CONTROLLERS } from './schedule.ts';
import type { FlagChange } from './world/flag-store.ts';

/** What people, and what acts for them, did with the flag and the rollout. */
export type Deed = 'start' | 'resume' | 'approve' | 'promote' | 'edit';

type World = {
  readonly now: () => number;
  readonly percent: () => number | undefined;
  readonly mostServed: () => number;
};

const isController = (by: string) => CONTROLLERS.some((name) => by === name);
/** Flags are on their way for as long, and events are told a moment after what they tell of. */
const LATELY_MS = 5_000;
const HOUR_MS = 3_600_000;
const MOST_EVENTS_AN_HOUR = 150;

/** Watches a world, and says which promise was not kept. It knows what really happened, and nothing of how the engine works. */
export function createOracle(plan: Plan, world: World) {
  const violations: string[] = [];
  const changes: FlagChange[] = [];
  const events: { readonly atMs: number; readonly by: string; readonly event: JournalEvent }[] = [];
  const edits: { readonly atMs: number; readonly percent: number }[] = [];
  let mayClimb = false;
  let told = 0;
  let hourBeganAtMs = 0;

  const fail = (promise: string, found: string): void => {
    violations.push(`${promise}: ${found}, after ${Math.round(world.now() / 1_000)} s`);
  };

  function onChange(change: FlagChange): void {
    changes.push(change);
    const { by, from = 0, to = 0 } = change;
    if (!isController(by)) {
      return;
    }
    if (to < from) {
      mayClimb = false;
      return;
    }
    const next = plan.stages.find(({ percent }) => percent > from)?.percent;
    if (!mayClimb) {
      fail('nothing is raised without a person or the plan', `${by} raised ${from} to ${to} %`);
    } else if (to !== next) {
      fail('the percent is never above what the plan allows', `${by} raised ${from} to ${to} %`);
    }
  }

  /** The least that the flag said lately. */
  function leastLately(): number {
    const since = world.now() - LATELY_MS;
    const lately = changes.filter(({ atMs }) => atMs >= since).map(({ to }) => to ?? 0);
    return Math.min(world.percent() ?? 0, ...lately);
  }

  function onEvent(by: string, event: JournalEvent): void {
    events.push({ atMs: world.now(), by, event });
    countEvents();
    if (event.kind === 'rolled-back' && leastLately() > (event.to ?? 0)) {
      fail(
        '"rolled back" is told only when it is written',
        `${by} told ${event.to} %, the flag says ${world.percent()} %`,
      );
    }
    if (event.kind === 'confirmed' && isRaisedSince(event) === false && world.mostServed() > (event.to ?? 0)) {
      fail('"confirmed" is told only when it is served', `${by} told ${event.to} %, ${world.mostServed()} % is served`);
    }
    if (event.kind === 'adopted' && isByHand(event) && !edits.some(({ percent }) => percent === event.to)) {
      fail('nothing is said to be edited by hand that was not', `${by} took over ${event.from} to ${event.to} %`);
    }
  }

  const isByHand = (event: JournalEvent) => (event.details as { why?: { kind?: string } }).why?.kind === 'manual edit';
  const isRaisedSince = (event: JournalEvent) =>
    changes.some(({ atMs, to }) => atMs >= world.now() - LATELY_MS && (to ?? 0) > (event.to ?? 0));

  function countEvents(): void {
    if (world.now() - hourBeganAtMs >= HOUR_MS) {
      hourBeganAtMs = world.now();
      told = 0;
    }
    told += 1;
    if (told === MOST_EVENTS_AN_HOUR) {
      fail('events are bounded', `${told} in an hour, the last "${events.at(-1)?.event.text}"`);
    }
  }

  return {
    violations,
    onChange,
    onEvent,
    onDeed: (deed: Deed, percent?: number): void => {
      mayClimb = true;
      if (deed === 'edit' && percent !== undefined) {
        edits.push({ atMs: world.now(), percent });
      }
    },
    fail,
    /** Each change that a controller made is in the journal. */
    checkExplained: (journal: readonly JournalEvent[]): void => {
      for (const { by, from, to, atMs } of changes.filter(({ by: who }) => isController(who))) {
        const isTold = journal.some(
          (event) =>
            (event.to === to && ['started', 'promoted', 'rolled-back', 'adopted'].includes(event.kind)) ||
            (event.kind === 'trouble' && event.text.includes('raised to')),
        );
        if (!isTold) {
          fail(
            'the journal explains every change of the flag',
            `${by} changed ${from} to ${to} % at ${Math.round(atMs / 1_000)} s`,
          );
        }
      }
    },
    history: () => ({ changes, events }),
  };
}

export type Oracle = ReturnType<typeof createOracle>;
