import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import { severityOf } from '../../rollout/event.ts';
import { parsePlan } from '../../rollout/plan.ts';
import { IDLE, type State } from '../../rollout/state.ts';
import { createKeptMismatches } from './kept-mismatches.ts';

const plan = (guard: string) =>
  parsePlan(`
rollout: r
flag: f
stages: [{ percent: 5, observe: 1m }, { percent: 25, observe: 1m }]
guards: [{ name: g, ${guard} }]
`);
const GUARDED = plan('measure: mismatches, limit: 0, onBreach: previous');

/** Over a store that says what the test says. */
function started(of = GUARDED) {
  const clock = createFakeClock();
  const at = (percent: number): State => {
    const sinceMs = clock.now();
    return { phase: 'observing', percent, sinceMs, healthyMs: 0, countedAtMs: sinceMs };
  };
  const world = { state: IDLE as State, counts: { domain: 0, others: 0 }, isAway: false, isLeader: true };
  const asked: (readonly [ageMs: number, of: string])[] = [];
  const events: JournalEvent[] = [];
  let found = 0;
  const first = [{ violationId: '7', path: 'legacy', field: 'notes', requestId: 'r' }];
  const kept = createKeptMismatches({
    plan: of,
    store: {
      since: async () => ({ records: 1, first }),
      count: async (ageMs, of) => {
        asked.push([ageMs, of]);
        if (world.isAway) {
          throw new Error('connection refused');
        }
        return world.counts;
      },
    },
    state: () => world.state,
    clock,
    recorder: { record: (event) => void events.push(event) },
    isLeader: () => world.isLeader,
    onFound: async () => {
      found += 1;
    },
  });
  const shown = () => kept.verdicts().map(({ kind, value, onBreach }) => [kind, value, onBreach]);
  return { clock, at, world, asked, events, kept, shown, found: () => found };
}

test('what was found in the stage is a breach, whoever was there to see it, and nothing rises before it was asked', async () => {
  const { at, world, kept, shown, found } = started();
  world.state = at(25);
  world.counts = { domain: 2, others: 0 };
  assert.deepEqual([kept.isUnread(), shown()], [true, []]);
  await kept.look();
  assert.deepEqual([kept.isUnread(), shown(), found()], [false, [['breached', 2, 'previous']], 1]);
});

test('what was found in the stage before says nothing of this one', async () => {
  const { clock, at, world, kept, shown, asked } = started();
  world.state = at(5);
  world.counts = { domain: 1, others: 0 };
  await kept.look();
  await clock.advance(10_000);
  world.state = at(25);
  assert.deepEqual([kept.isUnread(), shown()], [true, []]);
  world.counts = { domain: 0, others: 0 };
  await clock.advance(300);
  await kept.look();
  assert.deepEqual([kept.isUnread(), shown(), asked.at(-1)], [false, [], [300, 'found']]);
});

test('a rollback to a stage goes by when a write was made: what it was about may be kept only now', async () => {
  const { clock, world, kept, asked } = started();
  world.state = { phase: 'rolled-back', from: 25, to: 5, sinceMs: clock.now(), why: { kind: 'plan' } };
  await kept.look();
  assert.deepEqual(asked, [[0, 'written']]);
});

test('a database that is away leaves what was known, and leaves a stage that was not asked about unread', async () => {
  const { clock, at, world, kept, shown } = started();
  world.state = at(5);
  world.counts = { domain: 1, others: 0 };
  await kept.look();
  world.isAway = true;
  await kept.look();
  assert.deepEqual(shown(), [['breached', 1, 'previous']]);
  await clock.advance(1_000);
  world.state = at(25);
  await kept.look();
  assert.equal(kept.isUnread(), true);
});

test('what legacy wrote is recorded once in a stage, by who leads, as info, and breaches nothing', async () => {
  const { at, world, kept, shown, events, found } = started();
  world.state = at(5);
  world.counts = { domain: 0, others: 3 };
  world.isLeader = false;
  await kept.look();
  assert.equal(events.length, 0);
  world.isLeader = true;
  await kept.look();
  await kept.look();
  assert.deepEqual(
    [events.map((event) => [event.kind, severityOf(event)]), shown(), found()],
    [[['mismatched', 'info']], [['healthy', 0, 'previous']], 0],
  );
});

test('nothing is asked at 0 %, nor where no guard is on mismatches', async () => {
  const { kept, asked } = started();
  await kept.look();
  const other = started(plan('measure: error-rate, limit: 1%, onBreach: off'));
  other.world.state = other.at(25);
  await other.kept.look();
  assert.deepEqual([asked, other.asked, kept.isUnread(), other.kept.isUnread()], [[], [], false, false]);
});
