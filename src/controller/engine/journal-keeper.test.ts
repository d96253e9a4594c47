import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createFiringAlerts } from './firing-alerts.ts';
import { createHolder } from './holder.ts';
import { createJournalKeeper } from './journal-keeper.ts';
import type { Journal } from './ports.ts';
import { createProblems } from './problems.ts';

test('a journal that is away does not answer, however often it is kept, until it does', async () => {
  const clock = createFakeClock();
  const recorded: string[] = [];
  let isAway = true;
  const load: Journal['load'] = async () => {
    if (isAway) {
      throw new Error('connection refused');
    }
    return undefined;
  };
  const keeper = createJournalKeeper({
    journal: { load, firingAlerts: async () => [] } as unknown as Journal,
    leadership: { leading: () => false },
    holder: createHolder(() => {}),
    alerts: createFiringAlerts(),
    problems: createProblems(clock, (_, text) => void recorded.push(text)),
    clock,
    log: { warn: () => {} },
    flag: () => undefined,
    unconfirmed: () => undefined,
    intent: () => undefined,
    onLoaded: () => {},
  });

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
