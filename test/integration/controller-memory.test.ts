import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { FLAG } from '../support/system/flags.ts';
import type { Replica } from '../support/system/replica.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

let system: SystemHere;
let service: Replica;
let driving: AbortController;
let driven: Promise<void>;

beforeEach(async () => {
  system = await startSystem();
  ({ service } = system);
  driving = new AbortController();
  driven = Promise.resolve();
});
afterEach(async () => {
  driving.abort();
  await driven;
  await system[Symbol.asyncDispose]();
});

/** Requests that the percent sends where they go. */
function drive(): void {
  driven = (async () => {
    for (let call = 0; !driving.signal.aborted; call += 1) {
      await service.update(1 + (call % 1_000), 'status=confirmed');
    }
  })();
}

describe('a guard that compares with legacy, at 100 % where legacy has no requests', () => {
  const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages: [{ percent: 50, observe: 1h }, { percent: 100, observe: 2s }]
guards: [{ name: mean-ratio, measure: latency-mean, comparedTo: legacy, limit: 1000x, window: 1s, onBreach: hold }]
minSamples: 10
`;
  const at100 = async () => {
    const controller = await system.startController({ plan: PLAN });
    await controller.untilReady();
    drive();
    await controller.command('start');
    await controller.untilStatus('both paths were compared', ({ verdicts }) =>
      verdicts.some(({ guard, kind }) => guard === 'mean-ratio' && kind === 'healthy'),
    );
    await controller.command('promote');
    await controller.until('observing', 100);
    return controller;
  };

  test('goes on after a restart with what legacy did before, and the stage ends', async () => {
    const controller = await at100();
    await controller.stop();
    await controller.restart();
    await controller.until('complete', 100, 20_000);
  });

  test('goes on so with another controller that never saw legacy', async () => {
    const first = await at100();
    const second = await system.startController({ plan: PLAN, name: 'second' });
    await second.until('observing', 100);
    await first.stop();
    await second.until('complete', 100, 20_000);
    const [row] = await system.database.query('SELECT legacy_baseline FROM rollout_state');
    assert.deepEqual(Object.keys(row?.legacy_baseline as object), ['scrape']);
  });
});
