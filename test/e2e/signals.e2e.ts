import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Controller } from './support/controllers.ts';
import { planOf } from './support/plans.ts';
import { assertNoClientError, assertOff } from './support/promises.ts';
import { startSystem } from './support/system.ts';
import { findTools } from './support/tools.ts';

/** Whichever signal tells of a breach, the flag falls to 0 % on every replica. */
const tools = await findTools();
const PLAN = planOf({ percent: 25, observe: '10m' });
const SLOW = { domain: { delayMs: 400 } };

/** With every guard healthy on what has come since. */
async function startHealthyAt25(controller: Controller): Promise<void> {
  await controller.untilReady();
  await controller.command('start');
  await controller.untilConfirmed(25);
  await controller.untilStatus('every guard is healthy', ({ holding }) => holding === null, 20_000);
}

test('a slow domain path drops the flag on every replica by scrapes alone, and no client sees an error', {
  skip: tools.skipWithout('k6'),
}, async () => {
  await using system = await startSystem();
  await using controller = await system.startController({ plan: PLAN });
  await using load = await system.startLoad();
  await startHealthyAt25(controller);

  await system.replicas.setFaults(SLOW);
  await controller.until('rolled-back', 0);
  await controller.untilConfirmed(0);
  await assertOff(system);
  const { text } = await controller.untilJournal('rolled-back', 0);
  assert.match(text, /from 25 % to 0 %: guard p95 by scrape found/);
  assertNoClientError(await load.finish());
});
