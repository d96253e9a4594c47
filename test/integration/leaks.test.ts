import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

const LEAKS = join(import.meta.dirname, '../support/leaks');

/** Runs a test file that leaves this, as the runner runs any. */
async function runLeaving(what: string): Promise<{ readonly code: number; readonly said: string }> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = ['--test', '--test-timeout=1000', `--import=${join(LEAKS, 'leaks.ts')}`];
  const child = spawn(process.execPath, [...options, join(LEAKS, 'fixture.ts')], {
    env: { ...env, LEAVES: what, SLUICE_TEST_SILENCE_MS: '1000' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code, said };
}

test('a file that closes what it opens passes', async () => {
  const { code, said } = await runLeaving('nothing');
  assert.equal(code, 0, said);
});

const where = ', in "leaves something", at test/support/leaks/fixture\\.ts:\\d+\n';
const left: Readonly<Record<string, readonly string[]>> = {
  timer: [`left open:\n +a timer${where}`],
  'child process': [`left open:\n +a child process \\(\\d+: sleep 60\\)${where}`],
  'detached child process': [`left open:\n +a child process \\(\\d+: sleep 60\\)${where}`],
  server: [`left open:\n +a server${where}`],
  socket: [`left open:\n +a socket \\(from port \\d+ to \\d+\\)${where}`],
  pool: [`left open:\n +a pool${where}`],
  client: [`left open:\n +a connection to PostgreSQL${where}`],
  watch: ['left open:\n +FSEventWrap\n'],
  'test that hangs': ['test timed out after 1000ms', `left open:\n +a timer${where}`],
  'start that fails': ['a part did not start', 'is over, and has open:\n +a timer, at test/'],
  'module that hangs': ['nothing has happened for 1 s; it has open:\n +a timer, at test/'],
};
for (const [what, messages] of Object.entries(left)) {
  test(`a ${what} fails its file, is reported, and does not hold up the run`, async () => {
    const { code, said } = await runLeaving(what);
    assert.equal(code, 1, said);
    for (const message of messages) {
      assert.match(said, new RegExp(message));
    }
  });
}
