import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventFixture, statusFixture } from '../../../test/support/status-fixture.ts';
import type { EventAnswer } from '../../contract/schemas.ts';
import { readSince, timeOfSince } from './check-since.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');

test('a time, a day and a duration are a time; a stage is asked for', () => {
  const times = {
    '2026-03-01T12:00:00Z': '2026-03-01T12:00:00.000Z',
    '2026-03-01T12:00:00.25+02:00': '2026-03-01T10:00:00.250Z',
    '2026-03-01T12:00Z': '2026-03-01T12:00:00.000Z',
    '2026-03-01': '2026-03-01T00:00:00.000Z',
    '2h': '2026-03-02T10:00:00.000Z',
    '1d': '2026-03-01T12:00:00.000Z',
  };
  for (const [given, at] of Object.entries(times)) {
    assert.deepEqual(readSince(given, NOW), { kind: 'time', at }, given);
  }
  assert.deepEqual(readSince('stage', NOW), { kind: 'stage' });
  assert.deepEqual(readSince('25%', NOW), { kind: 'percent', percent: 25 });
  assert.deepEqual(readSince('100 %', NOW), { kind: 'percent', percent: 100 });
});

test('anything else is refused, and what is allowed is said', () => {
  const wrong = [
    '',
    'yesterday',
    '0%',
    '101%',
    '25',
    '2026-02-30',
    '2026-13-01',
    '2026-03-01T12:00:00',
    '2026-03-01 12:00Z',
    '99999999d',
    '-2h',
  ];
  for (const given of wrong) {
    assert.throws(() => readSince(given, NOW), /Allowed: stage, a stage's percent such as 25%/, given);
  }
  assert.throws(() => readSince('2026-03-02T13:00:00Z', NOW), /It is 1 h from now: nothing has changed since/);
});

const client = (events: readonly EventAnswer[], state: object = {}) => {
  const status = statusFixture();
  return {
    status: async () => ({ ...status, state: { ...status.state, ...state } }),
    history: async () => ({ events: [...events], journal: 'written' as const }),
  };
};

test('stage is when the stage that is served began, and refused where none is', async () => {
  const since = '2026-03-01T12:00:00.000Z';
  assert.equal(await timeOfSince({ kind: 'stage' }, client([], { since, percent: 25 })), since);
  const back = { since, percent: 0, phrase: 'rolled back from 25 % to 0 %' };
  await assert.rejects(
    timeOfSince({ kind: 'stage' }, client([], back)),
    /no stage is served now \(rolled back from 25 % to 0 %\)/,
  );
  await assert.rejects(timeOfSince({ kind: 'stage' }, client([], { since: null })), /no stage is served now/);
});

test('a percent is when its stage was last entered, from whichever side', async () => {
  const event = (at: string, kind: EventAnswer['kind'], from: number, to: number) => ({
    ...eventFixture(),
    at,
    kind,
    from,
    to,
  });
  const events = [
    event('2026-03-05T00:00:00.000Z', 'verified', 25, 25),
    event('2026-03-04T00:00:00.000Z', 'confirmed', 50, 25),
    event('2026-03-03T00:00:00.000Z', 'rolled-back', 50, 25),
    event('2026-03-02T00:00:00.000Z', 'promoted', 25, 50),
    event('2026-03-01T00:00:00.000Z', 'promoted', 10, 25),
  ];
  assert.equal(await timeOfSince({ kind: 'percent', percent: 25 }, client(events)), '2026-03-03T00:00:00.000Z');
  await assert.rejects(
    timeOfSince({ kind: 'percent', percent: 5 }, client(events)),
    /--since is 5%, and none of the last 5 events of the rollout enters 5 %/,
  );
});
