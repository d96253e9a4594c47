import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { known, observing, PLAN } from '../../../test/support/carry-out-fixture.ts';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { reading, replicaReading } from '../../../test/support/reading-fixture.ts';
import { verdict } from '../../../test/support/verdict-fixture.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import type { Verdict } from '../../rollout/verdict.ts';
import type { Role } from './authority.ts';
import { createHolder } from './holder.ts';
import { createIntake } from './intake.ts';
import type { SignalSource } from './ports.ts';
import { createProblems } from './problems.ts';
import { createWatch } from './watch.ts';

const SERVED = reading([replicaReading({ replica: 'a', servedPercent: 25 })]);

function started(more: { role?: Role; witness?: 'scrape' | 'apart' | 'none'; holdAfterMs?: number } = {}) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const holder = createHolder(() => {});
  holder.set(known(observing(25)));
  const now: { answer: SourceReading | 'hangs'; verdicts: readonly Verdict[] } = {
    answer: SERVED,
    verdicts: [verdict('healthy')],
  };
  const [events, troubles, ticks, measured]: [JournalEvent[], string[], number[], SourceReading[]] = [[], [], [], []];
  const source = (name: SignalSource['name']): SignalSource => ({
    name,
    read: async () => (now.answer === 'hangs' ? new Promise(() => {}) : now.answer),
    close: async () => {},
  });
  const [scrape, apart] = [source('scrape'), source('prometheus')];
  const intake = createIntake({
    plan: PLAN,
    sources: [scrape],
    witness: { scrape, apart, none: undefined }[more.witness ?? 'scrape'],
    watch: createWatch(PLAN, ['scrape'], clock.now()),
    decider: {
      step: async (_, seenAtMs) => {
        ticks.push(seenAtMs);
        return { kind: 'none', state: holder.state() };
      },
    },
    holder,
    measuring: { take: (taken) => void measured.push(taken) },
    problems: createProblems(clock, (name, text) => void troubles.push(`${name}: ${text}`)),
    recorder: { record: (event) => void events.push(event) },
    clock,
    role: () => more.role ?? 'leader',
    verdicts: () => now.verdicts,
    stop: stop.signal,
    holdAfterMs: more.holdAfterMs ?? 180_000,
  });
  return {
    ...intake,
    scrape,
    clock,
    stop,
    now,
    ticks,
    measured,
    troubles,
    kinds: () => events.map(({ kind }) => kind),
  };
}

describe('a look at a source', () => {
  test('leads to a decision, about the moment at which it was asked', async () => {
    const one = started();
    const askedAtMs = one.clock.now();
    await one.look(one.scrape);
    assert.deepEqual([one.ticks, one.served(), one.measured], [[askedAtMs], SERVED, [SERVED]]);
  });

  test('that hangs is given up, says that nobody knows what is served, and leads to a decision all the same', async () => {
    const one = started();
    await one.look(one.scrape);
    one.now.answer = 'hangs';
    const looked = one.look(one.scrape);
    await one.clock.advance(1_000);
    await looked;
    assert.deepEqual([one.served()?.kind, one.ticks.length], ['failed', 2]);
    assert.deepEqual(one.troubles, ['source scrape: scrape does not answer: timeout: no answer within 1 s.']);
  });

  test('that is ended by the stop leads to nothing', async () => {
    const one = started();
    one.now.answer = 'hangs';
    const looked = one.look(one.scrape);
    one.stop.abort(new Error('stopped'));
    await looked;
    assert.deepEqual([one.ticks, one.served(), one.troubles], [[], undefined, []]);
  });

  test('that fails each other time for an hour is reported, and then summed', async () => {
    const one = started();
    for (let second = 0; second < 3_600; second += 1) {
      one.now.answer = second % 2 === 0 ? SERVED : { kind: 'failed', why: 'timeout', detail: `id ${second}` };
      await one.look(one.scrape);
      await one.clock.advance(1_000);
    }
    assert.ok(one.troubles.length <= 9, `${one.troubles.length} rows`);
    assert.match(one.troubles.at(-1) ?? '', /times in 10 min/);
  });
});

describe('what replicas serve', () => {
  test('is said by the witness alone, where it is no source of a guard', async () => {
    const one = started({ witness: 'apart' });
    await one.look(one.scrape);
    assert.deepEqual([one.served(), one.measured], [undefined, []]);
    await one.lookAtWitness();
    assert.deepEqual([one.served(), one.measured, one.ticks.length], [SERVED, [SERVED], 1]);
  });

  test('is known by nobody without a witness, though what both paths did is measured', async () => {
    const one = started({ witness: 'none' });
    await one.look(one.scrape);
    await one.lookAtWitness();
    assert.deepEqual([one.served(), one.measured], [undefined, [SERVED]]);
  });
});

describe('a breach that only holds', () => {
  test('is recorded by the leader, once, and by nobody else', async () => {
    for (const role of ['leader', 'orphan', 'standby', 'alone'] as const) {
      const one = started({ role });
      one.now.verdicts = [verdict('breached', 'hold')];
      await one.look(one.scrape);
      await one.look(one.scrape);
      assert.deepEqual(one.kinds(), role === 'leader' ? ['breached'] : [], role);
    }
  });
});
