import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { systemClock } from './time.ts';
import { createWorker } from './worker.ts';

/** Answers with its seed, the news it had, and whether it runs in the main thread; or breaks as the job says. */
const PROGRAM = `
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
const received = [];
parentPort.on('message', ({ job, news }) => {
  if (news !== undefined) received.push(news);
  if (job === 'throw') throw new Error('broken');
  if (job === 'exit') process.exit(3);
  if (job === 'fail') parentPort.postMessage({ failed: 'no such thing' });
  if (job === 'hang') for (;;);
  if (job === 'fill') { const all = []; for (;;) all.push(new Array(1e6).fill(Math.random())); }
  if (job === 'report') {
    const body = new TextEncoder().encode(JSON.stringify({ seed: workerData, received, isMainThread }));
    parentPort.postMessage({ body }, [body.buffer]);
  }
});`;

let begun = 0;
const open = (withinMs: number, clock = systemClock) =>
  createWorker<string, string>({
    file: new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`),
    seed: () => {
      begun += 1;
      return begun;
    },
    withinMs,
    mostMegabytes: 32,
    clock,
  });
let worker = open(20_000);
beforeEach(() => {
  begun = 0;
  worker = open(20_000);
});
afterEach(() => worker.close());

const ask = async () => JSON.parse(Buffer.from(await worker.run('report')).toString());

test('a job is done outside of the main thread, which begins with the first one and has all that was said since', async () => {
  worker.post('too early: the seed has it');
  assert.equal(begun, 0);
  assert.deepEqual(await ask(), { seed: 1, received: [], isMainThread: false });
  worker.post('news');
  assert.deepEqual(await ask(), { seed: 1, received: ['news'], isMainThread: false });
});

test('a job that fails says why, and its thread goes on', async () => {
  await assert.rejects(worker.run('fail'), { message: 'no such thing' });
  assert.equal((await ask()).seed, 1);
});

for (const [job, why] of [
  ['throw', /^broken$/],
  ['exit', /^its thread ended with 3$/],
  ['fill', /memory limit/],
] as const) {
  test(`a thread that ends by ${job} fails its job, and the next job has a new one`, async () => {
    await assert.rejects(worker.run(job), { message: why });
    assert.equal((await ask()).seed, 2);
  });
}

test('a thread that hangs is given up after its time, and the next job has a new one', async () => {
  const clock = createFakeClock();
  await worker.close();
  worker = open(5_000, clock);
  const begins = once(process, 'worker');
  const hangs = worker.run('hang');
  const [thread] = (await begins) as [Worker];
  const ends = once(thread, 'exit');
  const given = assert.rejects(hangs, { message: 'no answer within 5 s' });
  await clock.advance(5_000);
  await given;
  await ends;
  assert.equal((await ask()).seed, 2);
});
