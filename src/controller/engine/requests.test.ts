import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BY_ALERT, known, observing, rolledBack } from '../../../test/support/carry-out-fixture.ts';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { Command } from '../../rollout/command.ts';
import type { Input } from '../../rollout/decide.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import type { State } from '../../rollout/state.ts';
import type { Decision } from '../../rollout/transitions.ts';
import type { Role } from './authority.ts';
import { createFiringAlerts } from './firing-alerts.ts';
import { createHolder } from './holder.ts';
import type { AlertChange } from './ports.ts';
import { createRequests } from './requests.ts';

const done = (state: State): Decision => ({
  kind: 'changed',
  state,
  event: 'paused',
  from: 25,
  to: 25,
  why: { kind: 'command', actor: 'ann', reason: '' },
});
const ask = (name: Command['name']): Command => ({ name, actor: 'ann', reason: '' });
const alert = (name: string, status: AlertChange['status'] = 'firing', startsAtMs = 1): AlertChange => ({
  status,
  alert: { fingerprint: name, name, startsAtMs, summary: '' },
});
const CHECKED = { actor: 'ann', check: 'c', since: null, records: 1, changes: 1, findings: 0, examples: [] };
const VERIFIED = {
  actor: 'ann',
  target: 'http://a/',
  percent: 25,
  checks: [{ name: 'a', path: 'domain' as const, result: 'passed' as const, detail: '', ms: 1 }],
};

function started(role: Role = 'leader') {
  const clock = createFakeClock();
  const holder = createHolder(() => {});
  holder.set(known(observing(25)));
  const [events, inputs]: [JournalEvent[], Input[]] = [[], []];
  const now = { role, raised: Promise.resolve(), decide: (_: Input): Decision => done(observing(25)) };
  const alerts = createFiringAlerts();
  const requests = createRequests({
    decider: {
      step: async (input) => {
        inputs.push(input);
        return now.decide(input);
      },
    },
    carry: { raised: () => now.raised },
    holder,
    // The journal hangs in all of these: no answer may wait for it.
    keeper: { save: () => new Promise(() => {}), keep: () => new Promise(() => {}) },
    alerts,
    recorder: { record: (event) => void events.push(event) },
    clock,
    role: () => now.role,
    whyNoRaise: () => 'this controller stands by: another one leads',
  });
  return {
    ...requests,
    now,
    clock,
    holder,
    alerts,
    said: () => events.map(({ kind, text }) => `${kind}: ${text}`),
    asked: () => inputs.map((input) => (input.kind === 'command' ? input.command.name : input.kind)),
  };
}

describe('while the journal hangs', () => {
  test('each request is answered', async () => {
    const one = started();
    assert.equal((await one.command(ask('pause'))).kind, 'done');
    assert.equal((await one.command(ask('rollback'))).kind, 'done');
    assert.equal((await one.verified(VERIFIED)).kind, 'done');
    assert.equal((await one.checked(CHECKED)).kind, 'done');
    assert.equal(await one.alerted([alert('Slow')]), 1);
  });
});

describe('a rollback', () => {
  test('waits for no other request and for no raise', async () => {
    const one = started();
    one.now.raised = new Promise(() => {});
    void one.command(ask('approve'));
    assert.equal((await one.command(ask('rollback'))).kind, 'done');
    assert.deepEqual(one.asked(), ['rollback']);
  });

  test('is answered by who stands by, too', async () => {
    for (const role of ['standby', 'orphan', 'alone'] as const) {
      assert.equal((await started(role).command(ask('rollback'))).kind, 'done', role);
    }
  });

  test('that is not written yet is not reported as done', async () => {
    const one = started();
    const state = rolledBack(25, 0);
    one.now.decide = () => ({ kind: 'changed', event: 'rolled-back', state, from: 25, to: 0, why: BY_ALERT });
    one.holder.set(known(state, { debt: { from: 25, to: 0, why: BY_ALERT, seenAtMs: 1 } }));
    const text = 'Rolling back to 0 %: the flag could not be written yet, and is tried again until it is.';
    assert.deepEqual(await one.command(ask('rollback')), { kind: 'done', text });
    one.holder.set(known(state));
    assert.match(JSON.stringify(await one.command(ask('rollback'))), /Rolled back from 25 % to 0 %/);
  });
});

describe('any other request', () => {
  test('is for the leader: who stands by says so, decides nothing and records nothing', async () => {
    const one = started('standby');
    assert.deepEqual(await one.command(ask('pause')), {
      kind: 'not-leader',
      why: 'this controller stands by: another one leads',
    });
    assert.equal((await one.verified(VERIFIED)).kind, 'not-leader');
    assert.equal((await one.checked(CHECKED)).kind, 'not-leader');
    assert.deepEqual([one.asked(), one.said()], [[], []]);
  });

  test('waits for the raise that is under way, and is about where that led', async () => {
    const one = started();
    const raise = Promise.withResolvers<void>();
    one.now.raised = raise.promise;
    const answered = one.command(ask('pause'));
    await one.clock.advance(1_000);
    assert.deepEqual(one.asked(), []);
    raise.resolve();
    assert.equal((await answered).kind, 'done');
  });

  test('comes after the ones before it', async () => {
    const one = started();
    await Promise.all([one.command(ask('pause')), one.command(ask('resume')), one.checked(CHECKED)]);
    assert.deepEqual(one.asked(), ['pause', 'resume', 'checked', 'tick']);
  });

  test('that is refused is answered with the reason, and recorded: by one who asks each second, once and then summed', async () => {
    const one = started();
    one.now.decide = () => ({ kind: 'refused', state: observing(25), why: 'alert Slow fires' });
    for (let second = 0; second < 3_600; second += 1) {
      assert.deepEqual(await one.command(ask('start')), { kind: 'refused', why: 'alert Slow fires' });
      await one.clock.advance(1_000);
    }
    assert.equal(one.said()[0], 'refused: start by ann was refused: alert Slow fires');
    assert.equal(one.said().length, 6);
    await one.command(ask('approve'));
    assert.match(one.said().at(-1) ?? '', /approve by ann/);
  });
});

describe('alerts', () => {
  test('drop the flag, whoever is sent them; a resolved one does not', async () => {
    const one = started('standby');
    assert.equal(await one.alerted([alert('Old', 'resolved'), alert('Slow')]), 1);
    assert.deepEqual(one.asked(), ['alert']);
    assert.deepEqual(
      one.alerts.now().map(({ name }) => name),
      ['Slow'],
    );
  });

  test('that are sent again are no news', async () => {
    const one = started();
    await one.alerted([alert('Slow')]);
    assert.equal(await one.alerted([alert('Slow')]), 0);
    assert.deepEqual(one.asked(), ['alert']);
  });
});
