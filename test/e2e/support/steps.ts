import assert from 'node:assert/strict';
import type { LoadSummary } from '../../../load-tests/lib/summary.ts';
import type { Controller } from '../../support/system/controller.ts';
import type { SystemOfProcesses } from '../../support/system/system.ts';

/** Begins the rollout, under load, and waits until every replica serves `percent` and every guard is healthy there. */
export async function startHealthyAt(percent: number, controller: Controller): Promise<void> {
  await controller.untilReady();
  await controller.command('start');
  await controller.until('observing', percent, 30_000);
  await controller.untilConfirmed(percent);
  await controller.untilStatus('every guard is healthy', ({ holding }) => holding === null, 20_000);
}

/** What clients must never notice: that anything went wrong behind the endpoint. */
export function assertNoClientError({ requests, failed, dropped }: LoadSummary): void {
  assert.ok(requests > 0, 'clients sent something');
  assert.deepEqual({ failed, dropped }, { failed: 0, dropped: 0 }, `of ${requests} requests`);
}

/** What a rollback leads to: 0 % in the flags file, and on every replica. */
export async function assertOff({ flags, replicas }: SystemOfProcesses): Promise<void> {
  assert.equal(await flags.percent(), 0);
  assert.deepEqual(
    await replicas.servedPercents(),
    replicas.all.map(() => 0),
  );
}
