import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { serve } from '../support/http-server.ts';
import { type System, startSystem, startSystemOfProcesses } from '../support/system/system.ts';

/** What is still open when this file ends fails it: that nothing is left behind needs no assertion of its own. */
const plan = await readFile(join(import.meta.dirname, '../../rollout.yaml'), 'utf8');

for (const [where, start] of [
  ['in this process', startSystem],
  ['as processes', startSystemOfProcesses],
] as const) {
  test(`${where}: where a replica does not start, the other one and all else that was begun is ended`, async () => {
    await using taken = await serve(() => {});
    await assert.rejects(start({ replicas: 2, env: { PORT: String(taken.port) } }), /is in use by another program/);
  });

  test(`${where}: a controller that does not start leaves nothing, and the system goes on and ends`, async () => {
    await using taken = await serve(() => {});
    await using system: System = await start();
    await assert.rejects(
      system.startController({ plan, env: { CONTROLLER_PORT: String(taken.port) } }),
      /is in use by another program/,
    );
    assert.equal((await system.service.read(1)).status, 200);
    const controller = await system.startController({ plan });
    await controller.untilReady();
  });
}
