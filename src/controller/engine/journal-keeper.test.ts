import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createFakeClock, type FakeClock } from '../../../test/support/fake-clock.ts';
import { createFiringAlerts, type FiringAlerts } from './firing-alerts.ts';
import { createHolder } from './holder.ts';
import { createJournalKeeper, type JournalKeeper } from './journal-keeper.ts';
import type { AlertChange, FiringAlert, SavedRollout } from './ports.ts';
import { createProblems } from './problems.ts';

const ROW: SavedRollout = {
  revision: 1,
  state: { phase: 'idle' },
  intent: undefined,
  settled: true,
  unconfirmed: undefined,
  legacyBaseline: undefined,
};
const ALERT: FiringAlert = { fingerprint: 'f', name: 'Slow', startsAtMs: 1, summary: '' };

let clock: FakeClock;
let alerts: FiringAlerts;
let keeper: JournalKeeper;
let recorded: string[];
let isAway: boolean;
let isLeading: boolean;
let stored: AlertChange[];
beforeEach(() => {
  [clock, alerts, recorded, isAway, isLeading, stored] = [
    createFakeClock(),
    createFiringAlerts(),
    [],
    false,
    false,
    [],
  ];
  const ask = async <T>(answer: T): Promise<T> => {
    if (isAway) {
      throw new Error('connection refused');
    }
    return answer;
  };
  keeper = createJournalKeeper({
    journal: {
      load: () => ask(ROW),
      save: () => ask(true),
      append: () => ask(undefined),
      alerts: () => ask(stored),
      keepAlerts: () => ask(undefined),
    },
    leadership: { leading: () => isLeading },
    holder: createHolder(() => {}),
    alerts,
    problems: createProblems(clock, (_, text) => void recorded.push(text)),
    clock,
    log: { warn: () => {} },
    flag: () => undefined,
    unconfirmed: () => undefined,
    legacyBaseline: () => undefined,
    onRead: () => {},
    intent: () => undefined,
    onLoaded: () => {},
  });
});

test('a journal that is away does not answer, however often it is kept, until it does', async () => {
  isAway = true;
  for (let time = 0; time < 3; time += 1) {
    await keeper.keep();
    assert.equal(keeper.contact().answers, false);
  }
  assert.deepEqual(recorded, ['The journal is away: connection refused.']);

  isAway = false;
  await keeper.keep();
  assert.equal(keeper.contact().answers, true);
  assert.equal(recorded.at(-1), 'Over: The journal is away: connection refused.');
});

test('a leader notices at the next look that the journal is away, also where nothing was due', async () => {
  isLeading = true;
  await keeper.keep();
  await keeper.keep();
  isAway = true;
  await clock.advance(1_000);
  await keeper.keep();
  assert.equal(keeper.contact().answers, false);
});

test('a leader knows of the alerts that another controller was sent, and of their end', async () => {
  isLeading = true;
  await keeper.keep();
  stored = [{ status: 'firing', alert: ALERT }];
  await keeper.keep();
  assert.deepEqual(alerts.now(), [ALERT]);
  stored = [{ status: 'resolved', alert: ALERT }];
  await keeper.keep();
  assert.deepEqual(alerts.now(), []);
});
