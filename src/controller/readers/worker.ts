import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { createReadPool } from '../../kit/postgres/pool.ts';
import { systemClock } from '../../kit/time.ts';
import type { WorkerAnswer, WorkerMessage } from '../../kit/worker.ts';
import { createHistory } from '../store/journal.ts';
import { createMeasurementStore } from '../store/measurements.ts';
import { createAnswers } from './answers.ts';
import { createKnownEvents } from './known-events.ts';
import { createKnownMeasurements } from './known-measurements.ts';
import type { Job, News, Seed } from './question.ts';
import { resting } from './resting.ts';

/** One is enough for one question at a time; the journal's own connections are never waited for. */
const POOL = 1;
const QUERY_WITHIN_MS = 3_000;
/** Behind the engine, where both want the same core. On Linux a thread has a priority of its own; elsewhere a process has. */
const NICE = 10;

if (process.platform === 'linux') {
  setPriority(NICE);
}

// biome-ignore lint/plugin: here it is handed in.
const clock = systemClock;
const { databaseUrl, plan, points, events: remembered }: Seed = workerData;
const pool = createReadPool({
  application: 'sluice-readers',
  url: databaseUrl,
  size: POOL,
  queryTimeoutMs: QUERY_WITHIN_MS,
  onIdleError: () => {},
});
const events = createKnownEvents({ history: resting(createHistory(pool, plan.rollout), clock), remembered });
const { since } = createMeasurementStore(pool, plan.rollout);
const measurements = createKnownMeasurements({ store: { since: resting(since, clock) }, points, now: clock.now });
const answer = createAnswers({ plan, events, measurements, clock });
const encoder = new TextEncoder();

async function work(job: Job): Promise<void> {
  const answered = await answer(job).then(
    (text): WorkerAnswer => ({ body: encoder.encode(text) }),
    (error: Error): WorkerAnswer => ({ failed: error.message }),
  );
  parentPort?.postMessage(answered, 'body' in answered ? [answered.body.buffer] : []);
}

parentPort?.on('message', (message: WorkerMessage<Job, News>) => {
  if ('job' in message) {
    void work(message.job);
  } else if (message.news.kind === 'point') {
    measurements.add(message.news.point);
  } else {
    events.add(message.news.event);
  }
});
