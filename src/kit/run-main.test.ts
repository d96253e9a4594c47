import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { systemClock } from './time.ts';

const KIT = `
  import { ExpectedError } from '${import.meta.resolve('./expected-error.ts')}';
  import { runMain, stopSignal, untilStopped } from '${import.meta.resolve('./run-main.ts')}';`;
const nodeArgs = (code: string) => ['--input-type=module', '--eval', KIT + code];

function run(code: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, nodeArgs(code), {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return { status, stdout, stderr };
}

/** A program that writes to its standard output what happens to it. */
function start(code: string) {
  const child = spawn(process.execPath, nodeArgs(code), { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    nextLine: async () => (await lines.next()).value,
    send: (signal: NodeJS.Signals) => child.kill(signal),
    exit: once(child, 'close'),
  };
}

/** One that takes its time to stop. */
const SLOW = `
  await runMain(async () => {
    setInterval(() => {}, 1_000);
    stopSignal().addEventListener('abort', () => console.log(stopSignal().reason.message));
    setImmediate(() => console.log('runs'));
    await untilStopped();
    console.log('stopping');
    await STOPPED;
    console.log('stopped');
  });`;

test('a program stops once it is asked to, and its process ends though something is left open', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const program = start(SLOW.replace('STOPPED', 'undefined'));
    assert.equal(await program.nextLine(), 'runs');
    program.send(signal);
    assert.deepEqual(await program.exit, [0, null]);
    const lines = [await program.nextLine(), await program.nextLine(), await program.nextLine()];
    assert.deepEqual(lines, [`stopped by ${signal}`, 'stopping', 'stopped']);
  }
});

test('a second signal ends the process at once, but not the echo that npm makes of the first', async () => {
  const program = start(SLOW.replace('STOPPED', 'new Promise(() => {})'));
  assert.equal(await program.nextLine(), 'runs');
  program.send('SIGINT');
  assert.equal(await program.nextLine(), 'stopped by SIGINT');
  program.send('SIGINT');
  assert.equal(await program.nextLine(), 'stopping');
  await systemClock.sleep(1_100);
  program.send('SIGTERM');
  assert.deepEqual(await program.exit, [128 + constants.signals.SIGTERM, null]);
  assert.equal(await program.nextLine(), undefined, 'it did not stop twice');
});

test('a program that listens to no signal is ended by one, whoever runs it', async () => {
  const program = start(
    `await runMain(async () => { console.log('runs'); await new Promise((end) => setTimeout(end, 60_000)); });`,
  );
  assert.equal(await program.nextLine(), 'runs');
  program.send('SIGTERM');
  assert.deepEqual(await program.exit, [null, 'SIGTERM']);
});

test('the exit code is what the program returns, else the one it set, else 0', () => {
  assert.equal(run('await runMain(async () => 3);').status, 3);
  assert.equal(run('await runMain(async () => { process.exitCode = 4; });').status, 4);
  assert.equal(run('await runMain(async () => {});').status, 0);
});

test('what whoever started it can put right is one line without a stack; what nobody expects is shown whole', () => {
  const expected = run("await runMain(async () => { throw new ExpectedError('PORT is wrong'); }, 'It failed');");
  assert.deepEqual(expected, { status: 1, stdout: '', stderr: 'PORT is wrong\n' });
  const unexpected = run("await runMain(async () => { throw new TypeError('no such thing'); });");
  assert.equal(unexpected.status, 1);
  assert.match(unexpected.stderr, /^TypeError: no such thing\n +at /);
  const named = run("await runMain(async () => { throw new TypeError('no such thing'); }, 'It failed');");
  assert.deepEqual(named, { status: 1, stdout: '', stderr: 'It failed: no such thing\n' });
  const code = "Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })";
  assert.equal(run(`await runMain(async () => { throw ${code}; }, 'It failed');`).stderr, 'It failed: ECONNREFUSED\n');
});

test('what was broken off by a signal says so', async () => {
  const code = `await runMain(async () => {
    setTimeout(() => process.kill(process.pid, 'SIGHUP'), 1);
    await (await import('node:timers/promises')).setTimeout(60_000, undefined, { signal: stopSignal('SIGHUP') });
  }, 'It failed');`;
  assert.deepEqual(run(code), { status: 1, stdout: '', stderr: 'It failed: stopped by SIGHUP\n' });
});

test('everything that was written is read before the process ends, however slow its reader is', async () => {
  const child = spawn(
    process.execPath,
    nodeArgs("await runMain(async () => { process.stdout.write('x'.repeat(2 ** 20)); });"),
  );
  const closed = once(child, 'close');
  await systemClock.sleep(300);
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  assert.deepEqual(await closed, [0, null]);
  assert.equal(bytes, 2 ** 20);
});
