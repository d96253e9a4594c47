import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventBody, EventKind, ReadEvent } from '../../rollout/event.ts';
import { type Message, messageOf, toJson, toSlack } from './message.ts';

const why = { kind: 'guard', guard: 'p95', source: 'scrape', value: 0.35, limit: 0.2, limitText: '200ms' } as const;
const rolledBack: EventBody = {
  kind: 'rolled-back',
  details: { why: { ...why, samples: 41, detail: '' } },
};
const event = (body: EventBody = rolledBack, more: { readonly text?: string } = {}): ReadEvent => ({
  eventId: '6f1f5b0e-0000-4000-8000-000000000001',
  atMs: Date.UTC(2026, 0, 1, 12),
  from: 25,
  to: 0,
  actor: 'sluice',
  text: 'Rolled back from 25 % to 0 %: guard p95 by scrape found 350ms against a limit of 200ms, 41 samples.',
  ...body,
  ...more,
});
const about = { rollout: 'violation-status', flag: 'a-flag', consoleUrl: 'https://sluice.example/' };
const message = (more: { readonly text?: string } = {}) => messageOf(event(rolledBack, more), about) as Message;

describe('what is reported', () => {
  test('is every decision, what holds and what was not confirmed; the rest is in the journal only', () => {
    const said = (kind: EventKind) => messageOf(event({ kind, details: {} }), about)?.severity;
    assert.deepEqual(
      (['started', 'promoted', 'completed', 'approval-needed', 'holding', 'breached', 'unconfirmed'] as const).map(
        said,
      ),
      ['info', 'info', 'info', 'warning', 'warning', 'warning', 'critical'],
    );
    assert.deepEqual((['confirmed', 'trouble', 'leading', 'refused', 'verified'] as const).map(said), [
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    assert.equal(messageOf(event({ kind: 'verified', details: { failed: 2 } }), about)?.severity, 'warning');
    assert.equal(messageOf(event({ kind: 'checked', details: { findings: 0 } }), about), undefined);
    assert.equal(messageOf(event({ kind: 'checked', details: { findings: 2 } }), about)?.severity, 'warning');
    assert.equal(said('mismatched'), 'critical');
  });
});

test('a rollback as JSON has its evidence, and the address of its decision on the console', () => {
  assert.deepEqual(JSON.parse(toJson(message())), {
    version: 1,
    severity: 'critical',
    event: {
      id: '6f1f5b0e-0000-4000-8000-000000000001',
      kind: 'rolled-back',
      at: '2026-01-01T12:00:00.000Z',
      rollout: 'violation-status',
      flag: 'a-flag',
      from: 25,
      to: 0,
      actor: 'sluice',
      text: 'Rolled back from 25 % to 0 %: guard p95 by scrape found 350ms against a limit of 200ms, 41 samples.',
      details: { why: { ...why, samples: 41, detail: '' } },
    },
    console: 'https://sluice.example/#event=6f1f5b0e-0000-4000-8000-000000000001',
  });
  assert.equal(JSON.parse(toJson(messageOf(event(), { ...about, consoleUrl: undefined }) as Message)).console, null);
});

test('a rollback as Slack text says what, why, and what to do', () => {
  assert.equal(
    JSON.parse(toSlack(message())).text,
    [
      '*Sluice, violation-status: rolled back (critical)*',
      'Rolled back from 25 % to 0 %: guard p95 by scrape found 350ms against a limit of 200ms, 41 samples.',
      'sluice status says whether every replica serves it; find out why before it is started again.',
      '<https://sluice.example/#event=6f1f5b0e-0000-4000-8000-000000000001|Open the console>',
    ].join('\n'),
  );
});

test('what people wrote can neither link nor mention anybody in Slack', () => {
  const { text } = JSON.parse(toSlack(message({ text: '<!channel> <https://evil|click> & more' })));
  assert.match(text, /&lt;!channel&gt; &lt;https:\/\/evil\|click&gt; &amp; more/);
});
