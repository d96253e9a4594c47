import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { onConsole } from '../../../test/support/console-text.ts';
import { RECORDED_EVENTS } from '../../../test/support/recorded/recorded.ts';
import { statusFixture } from '../../../test/support/status-fixture.ts';
import { renderEvent } from '../../cli/render/history.ts';
import { createPaint } from '../../cli/terminal/output.ts';
import { describeEvent, type EventAnswer } from '../../contract/schemas.ts';
import { DETAILS } from '../../rollout/event-schema.ts';
import { messageOf, toJson, toSlack } from '../notifications/message.ts';
import { writeReport } from '../report/document.ts';
import { ofThisRollout } from '../report/facts.ts';
import { readEvent } from './read-event.ts';

describe('a row that an older version wrote', () => {
  test('is recorded here of every kind that it knew: these are newer', () => {
    const kinds = new Set(RECORDED_EVENTS.map(({ kind }) => kind));
    assert.deepEqual(
      Object.keys(DETAILS).filter((kind) => !kinds.has(kind)),
      ['rolling-back', 'lever-failed', 'unguarded', 'other'],
    );
  });

  for (const { kind, details, text } of RECORDED_EVENTS) {
    test(`is read whole: ${text}`, () => {
      assert.deepEqual(readEvent(kind, details), { kind, details });
    });
  }

  test('is read without what it did not know: decisions had no evidence once, and checks no paths', () => {
    const why = { kind: 'plan' };
    assert.deepEqual(readEvent('completed', { why }), { kind: 'completed', details: { why } });
    assert.deepEqual(readEvent('verified', { failed: 1 }), { kind: 'verified', details: { failed: 1 } });
  });

  test('may have found a value that JSON has no number for', () => {
    const why = { kind: 'guard', guard: 'p', source: 's', limit: 1, limitText: '1x', samples: 3, detail: '' };
    for (const given of [why, { ...why, value: null }]) {
      assert.deepEqual(readEvent('rolled-back', { why: given }).details, { why: given });
    }
  });
});

describe('a row that a newer version wrote', () => {
  test('of a kind that is not known is another one, with all that it says', () => {
    assert.deepEqual(readEvent('frozen', { until: 'noon' }), {
      kind: 'other',
      details: { kind: 'frozen', details: { until: 'noon' } },
    });
  });

  test('loses the details that are of another shape, and keeps the rest, unknown ones too', () => {
    const details = { why: { kind: 'moon' }, evidence: { percent: 5 }, ticket: 'OPS-1' };
    assert.deepEqual(readEvent('promoted', details), { kind: 'promoted', details: { ticket: 'OPS-1' } });
  });

  test('has no details where they are no object', () => {
    for (const details of [null, 7, 'all', [1]]) {
      assert.deepEqual(readEvent('promoted', details), { kind: 'promoted', details: {} });
    }
  });
});

const status = statusFixture();
const view = { paint: createPaint(false), columns: 80 };
const about = { rollout: 'violation-status', flag: 'a-flag', consoleUrl: undefined };
const happened = { eventId: '6f1f5b0e-0000-4000-8000-000000000007', atMs: 0, actor: 'ana', text: 'It was so.' };

/** Shows it wherever somebody may read of it. */
function show(kind: string, details: unknown, from: number | null, to: number | null): readonly string[] {
  const read = { ...happened, from, to, ...readEvent(kind, details) };
  const answer = describeEvent(read);
  const begun = describeEvent({ ...happened, from: 0, to: 25, kind: 'started', details: {} });
  const facts = { at: status.at, endpoint: null, status, events: ofThisRollout([answer, begun]), points: [] };
  const message = messageOf(read, about);
  const languages = ['en', 'zh'] as const;
  return [
    renderEvent(answer, view),
    ...languages.map((language) => onConsole([answer], language)),
    ...languages.map((language) => onConsole([answer], language, 'problems')),
    ...languages.map((language) => writeReport(facts, undefined, { language, format: 'md' })),
    ...(message === undefined ? [] : [toJson(message), toSlack(message)]),
  ];
}

test('an event of a newer controller, of a kind that is not known here, is shown by its name and its sentence', () => {
  const known = describeEvent({ ...happened, from: 5, to: 5, kind: 'paused', details: {} });
  const answer = { ...known, kind: 'frozen', details: { until: 'noon' } } as unknown as EventAnswer;
  for (const text of [renderEvent(answer, view), onConsole([answer], 'en'), onConsole([answer], 'zh')]) {
    assert.match(text, /frozen[\s\S]*It was so\./);
  }
});

test('whatever a row says, CLI, console, report and notifications can show it', () => {
  const percent = fc.option(fc.constantFrom(0, 25, 50));
  const kind = fc.oneof(fc.constantFrom(...Object.keys(DETAILS)), fc.string());
  const part = fc.oneof(
    fc.constantFrom(...RECORDED_EVENTS.flatMap(({ details }) => Object.values(details as object))),
    fc.jsonValue(),
  );
  const name = fc.constantFrom(...Object.values(DETAILS).flatMap(({ properties }) => Object.keys(properties)), 'more');
  const details = fc.oneof(fc.dictionary(name, part, { maxKeys: 6 }), fc.jsonValue());
  fc.assert(
    fc.property(kind, details, percent, percent, (...row) => {
      for (const text of show(...row)) {
        assert.doesNotMatch(text, /undefined|\[object|NaN/);
      }
    }),
    { seed: 20_261_125, numRuns: 400 },
  );
});
