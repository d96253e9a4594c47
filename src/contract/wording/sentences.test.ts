import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventFixture, statusFixture } from '../../../test/support/status-fixture.ts';
import { eventSentence, headline, whatNext } from './sentences.ts';
import { TEXTS } from './texts.ts';

const MINUTE_MS = 60_000;
const at = '2026-01-01T12:00:00.000Z';
const status = (phase: 'observing' | 'complete' | 'paused' | 'idle', more: object = {}) => {
  const fixture = statusFixture();
  const state = { ...fixture.state, phase, percent: phase === 'idle' ? 0 : 25, since: '2026-01-01T11:48:00.000Z' };
  return { ...fixture, at, timeLeftMs: 18 * MINUTE_MS, holding: null, ...more, state };
};
const healthy = (verdicts: ReturnType<typeof statusFixture>['verdicts']) =>
  verdicts.map((verdict) => ({ ...verdict, kind: 'healthy' as const }));

describe('the rollout in a sentence', () => {
  const { verdicts } = statusFixture();

  test('says what is served, for how long, what is left, and that all guards are healthy', () => {
    const fine = status('observing', { verdicts: healthy(verdicts) });
    assert.equal(headline(fine, 'en'), '25 % for 12 min; 18 min to go; all guards healthy');
    assert.equal(headline(fine, 'zh'), '25 % 已持续 12 分钟；还需 18 分钟；所有守护规则正常');
  });

  test('never calls guards healthy that have no verdict, or another one', () => {
    assert.match(headline(status('observing', { verdicts: [] }), 'en'), /no guard has a verdict yet$/);
    const [first] = healthy(verdicts);
    const silent = [{ ...(first as NonNullable<typeof first>), guard: 'p95', kind: 'no-data' as const }];
    assert.match(headline(status('observing', { verdicts: silent }), 'en'), /p95 no data$/);
  });

  test('says what comes next, and what it waits for', () => {
    assert.match(whatNext(status('observing'), 'en'), /^Next: 50 %, after approval\.$/);
    assert.match(whatNext(status('observing', { holding: 'p95 (scrape) is no-data' }), 'en'), /^Holds: p95 .*no-data/);
    assert.match(whatNext(status('complete', { timeLeftMs: 0 }), 'en'), /old implementation can be removed/);
    assert.match(whatNext(status('idle'), 'zh'), /^下一步：从 5 % 开始。$/);
  });
});

test('an event is in Chinese with its reason, and in English as the journal has it', () => {
  const event = eventFixture({
    kind: 'rolled-back',
    from: 25,
    to: 0,
    text: 'Rolled back from 25 % to 0 %: …',
    details: {
      why: {
        kind: 'guard',
        guard: 'p95',
        source: 'scrape',
        value: 0.35,
        limit: 0.2,
        limitText: '200ms',
        samples: 41,
        detail: '',
      },
    },
  });
  assert.equal(eventSentence(event, 'en'), event.text);
  assert.equal(eventSentence(event, 'zh'), '从 25 % 回滚到 0 %：规则 p95（scrape）测得 350 ms，上限 200ms，样本 41。');
});

test('both languages have a word for the same things', () => {
  const keys = (value: object): string[] =>
    Object.entries(value).flatMap(([key, inner]) =>
      typeof inner === 'object' ? keys(inner).map((deeper) => `${key}.${deeper}`) : [key],
    );
  assert.deepEqual(keys(TEXTS.zh), keys(TEXTS.en));
});
