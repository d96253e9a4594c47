import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { verdict } from '../../test/support/verdict-fixture.ts';
import { COMMANDS, type Command } from './command.ts';
import { decide, holding, type Input } from './decide.ts';
import { type Plan, parsePlan } from './plan.ts';
import { beganAt, IDLE, isAutomatic, percentOf, type State, timeLeftMs } from './state.ts';
import type { Decision, Knowledge } from './transitions.ts';
import { judgeCheck, type Verdict } from './verdict.ts';

const NOW_MS = 1_000_000;
const plan = parsePlan(`
rollout: violation-status
flag: some-flag
stages:
  - { percent: 5,   observe: 10s }
  - { percent: 25,  observe: 10s }
  - { percent: 50,  observe: 10s, approval: required }
  - { percent: 100, observe: 10s }
watch: 1h
guards: [{ name: errors, measure: error-rate, limit: 1%, onBreach: off }]
`);

const underway = (percent: number, healthyMs = 0) => ({
  percent,
  sinceMs: NOW_MS - 60_000,
  healthyMs,
  countedAtMs: NOW_MS - 500,
});
const observing = (percent: number, healthyMs = 0): State => ({ phase: 'observing', ...underway(percent, healthyMs) });
const awaiting = (percent: number): State => ({ phase: 'awaiting-approval', ...underway(percent, 10_000) });
const complete = (healthyMs = 0): State => ({ phase: 'complete', ...underway(100, healthyMs) });
const paused = (percent: number, from: 'observing' | 'awaiting-approval' | 'complete' = 'observing'): State => ({
  phase: 'paused',
  from,
  why: { kind: 'command', actor: 'ana', reason: '' },
  ...underway(percent),
});
const rolledBack = (from: number, to: number): State => ({
  phase: 'rolled-back',
  from,
  to,
  sinceMs: NOW_MS - 60_000,
  why: { kind: 'plan' },
});

const knowing = (...verdicts: Verdict[]): Knowledge => ({
  nowMs: NOW_MS,
  tickMs: 500,
  verdicts,
  firing: [],
  noRaise: undefined,
});
const HEALTHY = knowing(verdict('healthy'));
const TICK: Input = { kind: 'tick' };

/** `event to percent, phase`, or what else came of it. */
function said(decision: Decision): string {
  switch (decision.kind) {
    case 'none':
      return `nothing, ${decision.state.phase} at ${percentOf(decision.state)}`;
    case 'refused':
      return `refused: ${decision.why}`;
    case 'changed':
      return `${decision.event} to ${decision.to}, ${decision.state.phase}`;
  }
}

const tick = (state: State, known = HEALTHY) => said(decide(plan, state, TICK, known));

function command(name: Command['name'], state: State, known = HEALTHY, to?: number): string {
  return said(decide(plan, state, { kind: 'command', command: { name, actor: 'ana', reason: '', to } }, known));
}

describe('a tick', () => {
  test('counts healthy time, and raises to the next stage once there is enough of it', () => {
    assert.equal(tick(observing(5, 9_000)), 'nothing, observing at 5');
    assert.equal(tick(observing(5, 9_500)), 'promoted to 25, observing');
  });

  test('waits for approval where the next stage asks for it, and completes after the last one', () => {
    assert.equal(tick(observing(25, 9_500)), 'approval-needed to 25, awaiting-approval');
    assert.equal(tick(awaiting(25)), 'nothing, awaiting-approval at 25');
    assert.equal(tick(observing(100, 9_500)), 'completed to 100, complete');
  });

  test('counts no time that was not healthy, whatever the reason', () => {
    for (const kind of ['no-data', 'too-few-samples', 'source-error'] as const) {
      const known = knowing(verdict('healthy'), verdict(kind, 'off', 'other'));
      const decision = decide(plan, observing(5, 9_900), TICK, known);
      assert.equal(said(decision), 'nothing, observing at 5', kind);
      assert.equal(timeLeftMs(plan, decision.state), 100, kind);
    }
    assert.equal(timeLeftMs(plan, decide(plan, observing(5, 9_900), TICK, knowing()).state), 100, 'no verdict at all');
  });

  test('raises nothing while something forbids it, and tries again', () => {
    assert.equal(
      tick(observing(5, 20_000), { ...HEALTHY, noRaise: 'the database is unreachable' }),
      'nothing, observing at 5',
    );
  });

  const breach = (onBreach: Verdict['onBreach']) => knowing(verdict('healthy'), verdict('breached', onBreach, 'other'));

  test('with a breach does what its guard says, even when the stage is over', () => {
    assert.equal(tick(observing(50, 20_000), breach('off')), 'rolled-back to 0, rolled-back');
    assert.equal(tick(observing(50, 20_000), breach('previous')), 'rolled-back to 25, rolled-back');
    assert.equal(tick(observing(50, 20_000), breach('hold')), 'nothing, observing at 50');
  });

  test('with several breaches does the worst', () => {
    const known = knowing(verdict('breached', 'hold', 'a'), verdict('breached', 'previous', 'b'), verdict('breached'));
    assert.equal(tick(observing(50), known), 'rolled-back to 0, rolled-back');
  });

  test('with a breach goes to 0 where there is no stage below', () => {
    assert.equal(tick(observing(5), breach('previous')), 'rolled-back to 0, rolled-back');
  });

  test('rolls back wherever domain is served: paused, waiting, complete, and after a partial rollback', () => {
    for (const state of [paused(25), awaiting(25), complete(), rolledBack(50, 25)]) {
      assert.equal(tick(state, breach('off')), 'rolled-back to 0, rolled-back', state.phase);
    }
  });

  test('does nothing at 0 %, and nothing once the watch is over', () => {
    assert.equal(tick(IDLE, breach('off')), 'nothing, idle at 0');
    assert.equal(tick(rolledBack(25, 0), breach('off')), 'nothing, rolled-back at 0');
    assert.equal(tick(complete(3_600_000), breach('off')), 'nothing, complete at 100');
  });

  test('needs nothing but the breach to roll back', () => {
    assert.equal(
      tick(observing(25), { ...breach('off'), noRaise: 'everything is away' }),
      'rolled-back to 0, rolled-back',
    );
  });

  test('says in its reason which guard, by which source, with what', () => {
    const decision = decide(plan, observing(25), TICK, breach('off'));
    assert.partialDeepStrictEqual(decision, {
      from: 25,
      why: { kind: 'guard', guard: 'other', source: 'scrape', value: 0.5, limitText: '1%', samples: 100 },
    });
  });
});

describe('a plan that was changed', () => {
  const stages = (...percents: number[]) => ({
    ...plan,
    stages: percents.map((percent) => ({ percent, observeMs: 10_000, needsApproval: false, needsVerify: false })),
  });
  const ticked = (changed: Plan, state: State) => said(decide(changed, state, TICK, HEALTHY));

  test('and has no such stage any more pauses the stage, and says why', () => {
    assert.equal(ticked(stages(5, 50, 100), observing(25)), 'paused to 25, paused');
    assert.equal(ticked(stages(5, 50, 100), awaiting(25)), 'paused to 25, paused');
  });

  test('and asks for no approval any more makes nobody wait: the stage is left as others are', () => {
    assert.equal(ticked(stages(5, 25, 50), awaiting(25)), 'promoted to 50, observing');
    assert.equal(ticked(stages(5, 25), awaiting(25)), 'completed to 25, complete');
    const unhealthy = knowing(verdict('no-data'));
    assert.equal(said(decide(stages(5, 25), awaiting(25), TICK, unhealthy)), 'nothing, observing at 25');
  });

  test('and goes on after what was its end pauses, and goes on where a person resumes: from the beginning of that stage', () => {
    const longer = {
      ...plan,
      stages: [...plan.stages.slice(0, 2), { ...plan.stages[3], percent: 50 }, plan.stages[3]],
    } as Plan;
    const done: State = { phase: 'complete', ...underway(50, 3_000_000) };
    const decision = decide(longer, done, TICK, HEALTHY);
    assert.equal(said(decision), 'paused to 50, paused');
    const resume: Input = { kind: 'command', command: { name: 'resume', actor: 'ana', reason: '' } };
    const resumed = decide(longer, decision.state, resume, HEALTHY);
    assert.equal(said(resumed), 'resumed to 50, observing');
    assert.equal(timeLeftMs(longer, resumed.state), 10_000);
    assert.equal(ticked(longer, resumed.state), 'nothing, observing at 50');
  });

  test('and still fits, or ends before what is complete, changes nothing', () => {
    assert.equal(ticked(plan, awaiting(25)), 'nothing, awaiting-approval at 25');
    assert.equal(ticked(stages(5, 25), complete()), 'nothing, complete at 100');
  });
});

describe('an automatic rollback stands', () => {
  const down = decide(plan, observing(25), TICK, knowing(verdict('breached'))).state;
  const byPerson = (name: Command['name'], state: State, to?: number) =>
    decide(plan, state, { kind: 'command', command: { name, actor: 'ana', reason: '', to } }, HEALTHY).state;

  test('also where a person rolls back once more, or lowers the flag further by hand', () => {
    assert.equal(isAutomatic(down), true);
    assert.equal(isAutomatic(byPerson('rollback', down)), true);
    const partly: State = { ...rolledBack(50, 25), why: { kind: 'alert', alert: 'Slow', id: '' } } as State;
    const edited = decide(plan, partly, { kind: 'flag-edited', percent: 5, by: 'manual edit' }, HEALTHY).state;
    assert.deepEqual(
      [percentOf(edited), isAutomatic(edited), isAutomatic(byPerson('rollback', edited))],
      [5, true, true],
    );
  });

  test('until a person starts or resumes: what is rolled back by a person then does not', () => {
    const again = byPerson('start', down);
    assert.equal(percentOf(again), 5);
    assert.equal(isAutomatic(byPerson('rollback', again)), false);
    assert.equal(isAutomatic(byPerson('rollback', observing(25))), false);
  });
});

describe('an alert', () => {
  const alert: Input = { kind: 'alert', id: 'a1', alert: 'SluiceErrors' };
  test('drops the flag whatever the guards say, and does nothing at 0 %', () => {
    assert.equal(said(decide(plan, observing(25), alert, HEALTHY)), 'rolled-back to 0, rolled-back');
    assert.equal(said(decide(plan, paused(25), alert, knowing())), 'rolled-back to 0, rolled-back');
    assert.equal(said(decide(plan, IDLE, alert, HEALTHY)), 'nothing, idle at 0');
  });
});

describe('a flag that was edited by hand', () => {
  const edited = (state: State, percent: number) =>
    said(decide(plan, state, { kind: 'flag-edited', percent, by: 'manual edit' }, HEALTHY));
  test('is taken over downwards, and never raised again by time', () => {
    assert.equal(edited(observing(25), 5), 'adopted to 5, rolled-back');
    assert.equal(edited(observing(25), 0), 'adopted to 0, rolled-back');
    assert.equal(tick(rolledBack(25, 5)), 'nothing, rolled-back at 5');
  });

  test('is taken over upwards: a stage is observed, and what is no stage is paused', () => {
    assert.equal(edited(IDLE, 25), 'adopted to 25, observing');
    assert.equal(edited(observing(5), 33), 'adopted to 33, paused');
  });

  test('to what it was is nothing', () => {
    assert.equal(edited(observing(25), 25), 'nothing, observing at 25');
  });
});

describe('a stage that asks for functional checks', () => {
  const asking = { ...plan, stages: plan.stages.map((stage) => ({ ...stage, needsVerify: stage.percent !== 5 })) };
  const after = (state: State, input: Input) => decide(asking, state, input, HEALTHY);
  const asked = (state: State, name: Command['name']) =>
    after(state, { kind: 'command', command: { name, actor: 'ana', reason: '' } });
  const verified = (state: State, passed: boolean) => after(state, { kind: 'verified', passed }).state;

  test('is not left by time, promotion or approval before they passed, though its time counts', () => {
    const ticked = after(observing(25, 9_500), TICK);
    assert.equal(said(ticked), 'nothing, observing at 25');
    assert.equal(timeLeftMs(asking, ticked.state), 0);
    for (const [state, name] of [
      [observing(25), 'promote'],
      [awaiting(25), 'approve'],
    ] as const) {
      assert.equal(said(asked(state, name)), 'refused: 25 % waits for `sluice verify`.');
    }
  });

  test('is left once they passed', () => {
    assert.equal(said(after(verified(observing(25, 9_500), true), TICK)), 'approval-needed to 25, awaiting-approval');
    assert.equal(said(asked(verified(observing(50), true), 'promote')), 'promoted to 100, observing');
    assert.equal(said(asked(verified(awaiting(25), true), 'approve')), 'promoted to 50, observing');
    assert.equal(said(after(verified(observing(100, 9_500), true), TICK)), 'completed to 100, complete');
  });

  test('is not left where a later run failed, and that is reported', () => {
    const state = verified(verified(observing(25, 10_000), true), false);
    assert.equal(
      said(asked(state, 'promote')),
      'refused: 25 % waits for `sluice verify`, whose last run found a failure.',
    );
  });

  test('keeps what was found over a pause, and a new stage begins without', () => {
    const state = verified(observing(25), true);
    const again = asked(asked(state, 'pause').state, 'resume').state;
    assert.equal('verified' in again && again.verified, 'passed');
    const next = asked(verified(awaiting(25), true), 'approve').state;
    assert.ok(!('verified' in next));
    assert.ok(!('verified' in asked(rolledBack(50, 25), 'resume').state));
  });

  test('says that it waits for them only once its time is over, and after what is not healthy', () => {
    assert.equal(holding(asking, observing(25, 9_000), HEALTHY.verdicts), undefined);
    assert.equal(holding(asking, observing(25, 10_000), HEALTHY.verdicts), '25 % waits for `sluice verify`');
    assert.match(holding(asking, observing(25, 10_000), [verdict('no-data')]) ?? '', /no-data/);
    assert.equal(holding(asking, verified(observing(25, 10_000), true), HEALTHY.verdicts), undefined);
  });

  test('does not hold the watch, nor what never asked for them; at 0 % there is nothing to verify', () => {
    assert.equal(holding(asking, complete(3_600_000), HEALTHY.verdicts), undefined);
    assert.equal(said(after(observing(5, 9_500), TICK)), 'promoted to 25, observing');
    assert.equal(verified(IDLE, true), IDLE);
  });

  test('is rolled back by a breach all the same', () => {
    const known = knowing(verdict('breached'));
    assert.equal(said(decide(asking, verified(observing(25), true), TICK, known)), 'rolled-back to 0, rolled-back');
  });
});

describe('a command', () => {
  const states: Readonly<Record<string, State>> = {
    idle: IDLE,
    observing: observing(5),
    awaiting: awaiting(25),
    paused: paused(25),
    'rolled back to 0': rolledBack(25, 0),
    'rolled back to 5': rolledBack(25, 5),
    complete: complete(),
  };
  const allowed: Readonly<Record<Command['name'], Readonly<Record<string, string>>>> = {
    start: { idle: 'started to 5, observing', 'rolled back to 0': 'started to 5, observing' },
    promote: { observing: 'promoted to 25, observing' },
    approve: { awaiting: 'promoted to 50, observing' },
    pause: {
      observing: 'paused to 5, paused',
      awaiting: 'paused to 25, paused',
      complete: 'paused to 100, paused',
    },
    resume: { paused: 'resumed to 25, observing', 'rolled back to 5': 'resumed to 5, observing' },
    rollback: {
      idle: 'rolled-back to 0, rolled-back',
      observing: 'rolled-back to 0, rolled-back',
      awaiting: 'rolled-back to 0, rolled-back',
      paused: 'rolled-back to 0, rolled-back',
      'rolled back to 0': 'rolled-back to 0, rolled-back',
      'rolled back to 5': 'rolled-back to 0, rolled-back',
      complete: 'rolled-back to 0, rolled-back',
    },
  };
  for (const name of COMMANDS) {
    test(`${name} does this from ${Object.keys(allowed[name]).join(', ')}, and is refused from all else`, () => {
      for (const [from, state] of Object.entries(states)) {
        const found = command(name, state);
        const wanted = allowed[name][from];
        if (wanted === undefined) {
          assert.match(found, /^refused: .+\.$/, from);
        } else {
          assert.equal(found, wanted, from);
        }
      }
    });
  }

  test('that raises is refused while a guard is not healthy, and says which', () => {
    const unproven = knowing(verdict('no-data'));
    assert.match(command('promote', observing(5), unproven), /^refused: .*errors \(scrape\) is no-data/);
    assert.match(command('approve', awaiting(25), unproven), /^refused: 50 % needs every guard healthy; errors/);
    assert.match(command('start', IDLE, knowing()), /^refused: a rollout cannot start without signals/);
    assert.match(command('start', IDLE, knowing(verdict('source-error'))), /^refused: .*scrape gives no data/);
  });

  test('that raises is refused with the reason while something forbids it', () => {
    const known = { ...HEALTHY, noRaise: 'the database is unreachable' };
    for (const [name, state] of [
      ['start', IDLE],
      ['promote', observing(5)],
      ['approve', awaiting(25)],
    ] as const) {
      assert.equal(command(name, state, known), 'refused: the database is unreachable', name);
    }
    assert.equal(
      command('rollback', observing(5), { ...knowing(), firing: [], noRaise: 'all is away' }),
      'rolled-back to 0, rolled-back',
    );
  });

  test('to promote does not jump over an approval', () => {
    assert.equal(command('promote', observing(25)), 'approval-needed to 25, awaiting-approval');
  });

  test('to roll back goes to a lower stage when asked, and to nothing else', () => {
    assert.equal(command('rollback', observing(50), HEALTHY, 25), 'rolled-back to 25, rolled-back');
    for (const to of [50, 100, 7]) {
      assert.equal(
        command('rollback', observing(50), HEALTHY, to),
        `refused: a rollback goes down: from 50 % to one of 0, 5, 25; got ${to}.`,
      );
    }
  });

  test('to resume does not count the time of the pause', () => {
    const state: State = { ...paused(25), countedAtMs: 0, healthyMs: 4_000 } as State;
    const resumed = decide(
      plan,
      state,
      { kind: 'command', command: { name: 'resume', actor: 'ana', reason: '' } },
      HEALTHY,
    );
    assert.equal(timeLeftMs(plan, decide(plan, resumed.state, TICK, HEALTHY).state), 6_000);
  });

  test('to resume is refused at a percent that is no stage', () => {
    assert.match(
      command('resume', paused(33)),
      /^refused: 33 % is not a stage of the plan\. Roll back to one of 0, 5, 25/,
    );
  });
});

describe('a check of the data', () => {
  const guarded = (onBreach: 'off' | 'previous' | 'hold') =>
    parsePlan(`
rollout: violation-status
flag: some-flag
stages: [{ percent: 5, observe: 10s }, { percent: 25, observe: 10s }, { percent: 50, observe: 10s }]
guards: [{ name: consistency, measure: mismatches, limit: 0, onBreach: ${onBreach} }]
`);
  const checked = (state: State, findings: number) =>
    decide(
      guarded('off'),
      state,
      { kind: 'checked', checked: { findings, changes: 100, detail: 'violations 42' } },
      HEALTHY,
    ).state;
  const next = (plan: Plan, state: State) =>
    decide(plan, state, TICK, knowing(verdict('healthy'), ...judgeCheck(plan, state)));

  test('that found something does what the guard on mismatches says, and names the records', () => {
    const state = checked(observing(25), 2);
    const decision = next(guarded('off'), state);
    assert.equal(said(decision), 'rolled-back to 0, rolled-back');
    assert.ok(decision.kind === 'changed' && decision.why.kind === 'guard');
    assert.deepEqual([decision.why.source, decision.why.value, decision.why.detail], ['verifier', 2, 'violations 42']);
    assert.equal(said(next(guarded('previous'), state)), 'rolled-back to 5, rolled-back');
    assert.equal(said(next(guarded('hold'), state)), 'nothing, observing at 25');
  });

  test('that found something holds a stage whose guard holds, over a restart too, until a clean one', () => {
    const plan = guarded('hold');
    const stored: State = JSON.parse(JSON.stringify(checked(observing(5, 10_000), 2)));
    assert.equal(said(next(plan, stored)), 'nothing, observing at 5');
    assert.equal(said(next(plan, checked(stored, 0))), 'promoted to 25, observing');
  });

  test('counts for the stage in which it was made, and not for the next one', () => {
    const promoted = next(guarded('off'), checked(observing(5, 10_000), 0)).state;
    assert.deepEqual([percentOf(promoted), judgeCheck(guarded('off'), promoted)], [25, []]);
  });

  test('acts where a rollback left some percent, and where a stage is paused, and after the last one', () => {
    for (const state of [rolledBack(50, 25), paused(25), awaiting(25), complete()]) {
      assert.equal(said(next(guarded('off'), checked(state, 1))), 'rolled-back to 0, rolled-back', state.phase);
    }
  });

  test('changes nothing at 0 %, nor where no guard is on mismatches', () => {
    assert.equal(checked(IDLE, 2), IDLE);
    assert.equal(said(next(guarded('off'), checked(rolledBack(25, 0), 2))), 'nothing, rolled-back at 0');
    assert.deepEqual(judgeCheck(plan, checked(observing(25), 2)), []);
  });
});

describe('when the rollout began', () => {
  const started = decide(
    plan,
    IDLE,
    { kind: 'command', command: { name: 'start', actor: 'ana', reason: '' } },
    HEALTHY,
  );
  const later = (ms: number): Knowledge => ({ ...HEALTHY, nowMs: NOW_MS + ms });

  test('is kept as it climbs, is paused, and falls to a stage', () => {
    assert.equal(beganAt(started.state), NOW_MS);
    const healthy: State = { ...observing(5, 10_000), beganMs: 1 } as State;
    for (const state of [
      decide(plan, healthy, TICK, later(500)).state,
      decide(plan, { ...observing(100, 10_000), beganMs: 1 } as State, TICK, later(500)).state,
      decide(plan, healthy, { kind: 'flag-edited', percent: 50, by: 'manual edit' }, later(500)).state,
      decide(
        plan,
        { ...observing(50), beganMs: 1 } as State,
        { kind: 'flag-edited', percent: 25, by: 'found' },
        later(1),
      ).state,
      decide(
        plan,
        { ...rolledBack(50, 25), beganMs: 1 } as State,
        { kind: 'command', command: { name: 'resume', actor: 'ana', reason: '' } },
        later(1),
      ).state,
    ]) {
      assert.equal(beganAt(state), 1, `${state.phase} at ${percentOf(state)}`);
    }
  });

  test('is another time once it left 0 % again, and no time at 0 %', () => {
    const off = decide(plan, started.state, { kind: 'alert', id: '1', alert: 'Slow' }, later(1)).state;
    assert.deepEqual([percentOf(off), beganAt(off)], [0, undefined]);
    const again = decide(plan, off, { kind: 'flag-edited', percent: 5, by: 'manual edit' }, later(9)).state;
    assert.equal(beganAt(again), NOW_MS + 9);
  });

  test('is not guessed where an older version began it', () => {
    assert.equal(beganAt(decide(plan, observing(5, 10_000), TICK, later(500)).state), undefined);
  });
});
