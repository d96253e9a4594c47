import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { onConsole } from '../../../test/support/console-text.ts';
import { eventFixture, statusFixture, verdict } from '../../../test/support/status-fixture.ts';
import { renderEvent } from '../../cli/render/history.ts';
import { renderStatus } from '../../cli/render/status.ts';
import { createPaint } from '../../cli/terminal/output.ts';
import { eventOf } from '../../controller/engine/event-text.ts';
import { messageOf, toSlack } from '../../controller/notifications/message.ts';
import { writeReport } from '../../controller/report/document.ts';
import type { JournalEvent } from '../../rollout/event.ts';
import { describeEvent, type EventAnswer, type StatusAnswer } from '../schemas.ts';
import { headline } from './sentences.ts';

const VIEW = { paint: createPaint(false), columns: 200 };
const SAMPLES = 1_234_567;
const AT = '2026-03-01T10:12:18.000Z';

/** What the journal keeps of a rollback by a guard that found this. */
function rollback(limitText: string, value: number): JournalEvent {
  const [from, to] = [25, 0];
  const found = { guard: 'a-guard', source: 'scrape', value, limit: 0, limitText, samples: SAMPLES, detail: '' };
  const why = { kind: 'guard', ...found } as const;
  const state = { phase: 'rolled-back', from, to, sinceMs: 0, why } as const;
  const verdicts = [verdict('a-guard', found)];
  const plan = { rollout: 'violation-status', hash: '3f9c2ab1d07e' };
  const evidence = { percent: from, healthyMs: 90_000, verdicts, measured: null };
  return eventOf(plan, { kind: 'changed', event: 'rolled-back', from, to, state, why }, Date.parse(AT), evidence);
}

const reportOf = (status: StatusAnswer, events: EventAnswer[], language: 'en' | 'zh') =>
  writeReport({ at: AT, endpoint: null, status, events, points: [] }, undefined, { language, format: 'md' });

/** The same rollback, wherever somebody may read of it. */
function sentencesOf(event: JournalEvent): Readonly<Record<string, string>> {
  const answer = describeEvent(event);
  const about = { rollout: 'violation-status', flag: 'a-flag', consoleUrl: undefined };
  const started = eventFixture({ kind: 'started', from: 0, to: 25, details: {} });
  return {
    journal: event.text,
    'sluice history': renderEvent(answer, VIEW),
    'the console': onConsole([answer], 'en'),
    'the console, in Chinese': onConsole([answer], 'zh'),
    'the report': reportOf(statusFixture(), [started, answer], 'en'),
    'the report, in Chinese': reportOf(statusFixture(), [started, answer], 'zh'),
    'a notification': toSlack(messageOf(event, about) ?? assert.fail()),
  };
}

describe('what a guard found has one spelling', () => {
  const values: readonly [string, number, string][] = [
    ['99', 12_345, '12,345'],
    ['200ms', 2.5, '2.5 s'],
    ['200ms', 0.35042, '350 ms'],
    ['1%', 0.01416, '1.42 %'],
    ['1.5x', 1.2345, '1.23x'],
  ];
  for (const [limitText, value, spelled] of values) {
    for (const [where, text] of Object.entries(sentencesOf(rollback(limitText, value)))) {
      test(`${spelled} in ${where}, with its samples, and its limit as the plan writes it`, () => {
        for (const expected of [spelled, '1,234,567', limitText]) {
          assert.ok(text.includes(expected), `${expected} is not in ${text}`);
        }
        for (const other of [String(value), String(SAMPLES), `${value * 1_000}ms`].filter(
          (each) => !spelled.includes(each),
        )) {
          assert.ok(!text.includes(other), `${other} is in ${text}`);
        }
      });
    }

    test(`${spelled} in sluice status`, () => {
      const verdicts = [verdict('a-guard', { value, limitText, samples: SAMPLES })];
      const text = renderStatus(statusFixture({ verdicts }), VIEW);
      assert.match(text.replaceAll(/ +/g, ' '), new RegExp(`a-guard ${spelled} ${limitText} 1,234,567`));
    });
  }
});

test('a length of time has one spelling in each language', () => {
  const base = statusFixture();
  const stages = base.stages.map((stage) => ({ ...stage, observeMs: 90_000 }));
  const since = new Date(Date.parse(base.at) - 90_000).toISOString();
  const status = { ...base, stages, timeLeftMs: 90_000, state: { ...base.state, since } };
  const event = describeEvent(rollback('0', 1));
  for (const text of [
    renderStatus(status, VIEW),
    headline(status, 'en'),
    reportOf(status, [event], 'en'),
    onConsole([event], 'en'),
  ]) {
    assert.match(text, /1 min 30 s/);
    assert.doesNotMatch(text, /90 s|2 min|1\.5 min/);
  }
  for (const text of [headline(status, 'zh'), reportOf(status, [event], 'zh'), onConsole([event], 'zh')]) {
    assert.match(text, /1 分钟 30 秒/);
  }
});

test('a time has one spelling, in UTC wherever it is passed on', () => {
  const event = describeEvent(rollback('0', 1));
  for (const text of [
    renderEvent(event, VIEW),
    renderStatus(statusFixture(), VIEW),
    reportOf(statusFixture(), [event], 'en'),
    reportOf(statusFixture(), [event], 'zh'),
  ]) {
    assert.match(text, /2026-03-01 10:12:18 UTC/);
  }
});
