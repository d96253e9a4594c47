import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import { decisionText, eventOf, note } from './event-text.ts';
import { createRecorder } from './recorder.ts';

const PLAN = { rollout: 'r', hash: '0123456789ab' };
const why = { kind: 'alert', alert: 'Slow', id: '1' } as const;
const DOWN = {
  kind: 'changed',
  event: 'rolled-back',
  from: 25,
  to: 0,
  why,
  state: { phase: 'rolled-back', from: 25, to: 0, sinceMs: 1, why },
} as const;
const noise = (text = 'x') => note({ kind: 'trouble', text, details: { problem: 'x' } }, 1);
const decision = () => eventOf(PLAN, DOWN, 1);

/** A recorder over a journal that does what the test says. */
function started() {
  const clock = createFakeClock();
  const journal: JournalEvent[] = [];
  let fault: 'none' | 'away' | 'hanging' = 'none';
  let asked = 0;
  const recorder = createRecorder(
    {
      append: async (events) => {
        asked += 1;
        if (fault === 'hanging') {
          return new Promise(() => {});
        }
        if (fault === 'away') {
          throw new Error('connection refused');
        }
        journal.push(...events);
      },
    },
    clock,
    { info: () => {}, warn: () => {}, debug: () => {} } as never,
  );
  return {
    ...recorder,
    clock,
    journal,
    texts: () => journal.map(({ text }) => text),
    asked: () => asked,
    becomes: (next: typeof fault) => {
      fault = next;
    },
  };
}

describe('an event', () => {
  test('is in the journal once, in its order, and whoever listens has it at once', async () => {
    const one = started();
    const heard: string[] = [];
    const end = one.listen(({ text }) => heard.push(text));
    one.record(noise('a'));
    one.record(noise('b'));
    assert.deepEqual(heard, ['a', 'b']);
    end();
    one.record(noise('c'));
    assert.deepEqual(heard, ['a', 'b']);
    await one.flush();
    await one.flush();
    assert.deepEqual([one.texts(), one.buffered()], [['a', 'b', 'c'], 0]);
  });

  test('waits while the journal is away, and is written in its order once it is back', async () => {
    const one = started();
    one.becomes('away');
    one.record(noise('a'));
    one.record(decision());
    await one.flush();
    assert.deepEqual([one.texts(), one.buffered()], [[], 2]);
    one.becomes('none');
    await one.flush();
    assert.deepEqual([one.texts(), one.buffered()], [['a', decisionText(DOWN)], 0]);
  });

  test('is not lost where the journal took it and did not say so: it is given once more', async () => {
    const one = started();
    one.becomes('hanging');
    one.record(noise('a'));
    const flushed = one.flush();
    await one.clock.advance(6_000);
    await flushed;
    assert.equal(one.buffered(), 1);
    one.becomes('none');
    await one.flush();
    assert.deepEqual(one.texts(), ['a']);
  });

  test('does not wait behind a journal that hangs for ever', async () => {
    const one = started();
    one.becomes('hanging');
    one.record(noise('a'));
    await one.clock.advance(4_000);
    one.becomes('none');
    one.record(noise('b'));
    assert.deepEqual(one.texts(), []);
    await one.clock.advance(2_000);
    await one.flush();
    assert.deepEqual(one.texts(), ['a', 'b']);
  });
});

describe('while the journal is away', () => {
  test('what waits is bounded: notes give way, decisions never, and how many is recorded', async () => {
    const one = started();
    one.becomes('away');
    one.record(decision());
    for (let count = 0; count < 10_004; count += 1) {
      one.record(noise(`note ${count}`));
    }
    one.record(decision());
    await one.flush();
    assert.equal(one.buffered(), 10_000);
    one.becomes('none');
    await one.flush();
    assert.equal(one.journal.filter(({ kind }) => kind === 'rolled-back').length, 2);
    assert.equal(one.texts()[1], 'note 6');
    assert.equal(one.texts().at(-1), '6 events gave way to others while the journal was away; none was a decision.');
  });

  test('what this process remembers has the decisions, though a thousand notes came after them', () => {
    const one = started();
    one.record(decision());
    for (let count = 0; count < 2_000; count += 1) {
      one.record(noise());
    }
    const remembered = one.remembered(5_000);
    assert.deepEqual([remembered.length, remembered.at(-1)?.kind], [1_000, 'rolled-back']);
  });

  test('it is not asked once for each event', async () => {
    const one = started();
    one.becomes('hanging');
    for (let count = 0; count < 100; count += 1) {
      one.record(noise());
    }
    assert.equal(one.asked(), 1);
    await one.clock.advance(5_000);
  });
});
