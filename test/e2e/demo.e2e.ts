import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makeClone } from '../support/clone.ts';

const WITHIN_SECONDS = 90;

test('the demo climbs to 25 %, drops to 0 twice, keeps every promise and takes less than 90 s, in a folder closed to others', async () => {
  await using clone = await makeClone({ openToOthers: false });
  const { stdout } = await promisify(execFile)(clone.node, [join(clone.directory, 'src/demo.ts'), '--json'], {
    timeout: WITHIN_SECONDS * 1_000,
  });
  const { seconds, rounds, promises, clients } = JSON.parse(stdout);
  assert.ok(seconds < WITHIN_SECONDS);
  assert.equal(rounds.length, 2);
  assert.ok(promises.length > 0 && promises.every(({ holds }: { holds: boolean }) => holds), stdout);
  assert.ok(clients.requests > 0 && clients.failed === 0);
});
