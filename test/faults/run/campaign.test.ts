import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULT_KINDS, kindOf } from '../schedule/kinds.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type Failure, runCampaign } from './campaign.ts';
import type { Outcome } from './run-schedule.ts';
import { describeSummary } from './summary.ts';

const outcome = ({ steps }: Schedule, wrong: readonly string[] = []): Outcome => ({
  wrong,
  log: [],
  sent: [],
  changes: 0,
  faults: new Map(steps.map((step) => [kindOf(step), 1])),
});

async function campaign(runs: number, run: (schedule: Schedule) => Promise<Outcome>, limitMs = 60_000) {
  const failures: Failure[] = [];
  const parts = { seed: 5, runs, limitMs, shrinkMs: 2_000, run, onProgress: () => {} };
  const result = await runCampaign({ ...parts, onFailure: (failure) => failures.push(failure) });
  return { result, failures };
}

test('all is well: every schedule is run once, and every kind of fault has happened', async () => {
  const { result, failures } = await campaign(200, async (schedule) => outcome(schedule));
  assert.equal(result.tally.schedules, 200);
  assert.deepEqual([result.failure, result.missing, failures], [undefined, [], []]);
  assert.deepEqual(Object.keys(result.tally.faults).toSorted(), FAULT_KINDS.toSorted());
});

test('a failure is made as short as it can be, and each step towards it is reported', async () => {
  const { result, failures } = await campaign(200, async (schedule) =>
    outcome(schedule, schedule.steps.some(({ kind }) => kind === 'rollout') ? ['a request was lost'] : []),
  );
  assert.deepEqual(
    result.failure?.schedule.steps.map(({ kind }) => kind),
    ['rollout'],
  );
  assert.equal(failures[0]?.shrinks, 0);
  assert.equal(failures.at(-1), result.failure);
  assert.ok(result.tally.schedules < 200);
});

test('the same seed gives the same schedules', async () => {
  const schedulesOf = async () => {
    const seen: string[] = [];
    await campaign(20, async (schedule) => {
      seen.push(JSON.stringify(schedule));
      return outcome(schedule);
    });
    return seen;
  };
  assert.deepEqual(await schedulesOf(), await schedulesOf());
});

test('a slow machine: what was not run in time is reported, and not taken for done', async () => {
  let runs = 0;
  const { result } = await campaign(
    200,
    async (schedule) => {
      runs += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
      return outcome(schedule);
    },
    100,
  );
  assert.ok(runs < 30);
  assert.equal(result.tally.schedules, runs);
  const text = describeSummary({ ...result, ok: false, atEnd: [], seed: 5, asked: 200, seconds: 1 });
  assert.match(text, new RegExp(`TOO SLOW: ${runs} of 200 schedules`));
});

test('a run by the hour goes on with new schedules until its time is over', async () => {
  const seen = new Set<string>();
  const startedMs = performance.now();
  const run = async (schedule: Schedule) => {
    seen.add(JSON.stringify(schedule));
    return outcome(schedule);
  };
  const { result } = await campaign(Number.POSITIVE_INFINITY, run, 400);
  assert.ok(performance.now() - startedMs >= 400);
  assert.ok(result.tally.schedules > 400, `${result.tally.schedules} schedules`);
  assert.ok(seen.size > 300, 'batches differ');
});

test('a kind of fault that never happens is aimed at, then named', async () => {
  let aimed = 0;
  const { result } = await campaign(160, async (schedule) => {
    aimed += schedule.steps.every(({ kind }) => kind === 'cut-all') ? 1 : 0;
    const faults = new Map(outcome(schedule).faults);
    faults.delete('cut-all');
    return { ...outcome(schedule), faults };
  });
  assert.ok(aimed >= 4);
  assert.deepEqual(result.missing, ['cut-all']);
});
