import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Strangers who read: `STREAMS` that follow the stream at `URL`, and `READERS` that each ask for reports, history and measurements,
 * the next one as soon as they have the last. IPC: says once when all streams are open; then, when asked, what the readers were answered.
 */
const { URL: url = '', STREAMS, READERS } = process.env;
const TARGETS = [
  'api/report?lang=en&format=md',
  'api/history?limit=1000',
  'api/measurements?since=1970-01-01T00:00:00Z',
  'api/report?lang=zh&format=html',
];
/** Whoever is refused tries again sooner than asked. */
const REFUSED_MS = 100;

export type Answered = { readonly answered: number; readonly refused: number; readonly failed: number };

const counts = { answered: 0, refused: 0, failed: 0 };

/** @returns the status; 0 where there was none. */
const read = (target: string, onData: () => void = () => {}): Promise<number> =>
  new Promise((resolve) => {
    get(new URL(target, url), { agent: false }, (response) => {
      response.on('data', onData);
      response.on('close', () => resolve(response.statusCode ?? 0));
      response.on('error', () => {});
    }).on('error', () => resolve(0));
  });

async function readOn(first: number): Promise<never> {
  for (let turn = first; ; turn += 1) {
    const status = await read(TARGETS[turn % TARGETS.length] as string);
    counts[status === 200 ? 'answered' : status === 503 ? 'refused' : 'failed'] += 1;
    if (status !== 200) {
      await sleep(REFUSED_MS);
    }
  }
}

/** @returns once it has begun. */
const follow = (): Promise<void> =>
  new Promise((resolve) => {
    const again = () =>
      void read('api/stream', resolve)
        .then(() => sleep(REFUSED_MS))
        .then(again);
    again();
  });

process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
process.on('message', () => process.send?.(counts satisfies Answered));
await Promise.all(Array.from({ length: Number(STREAMS) }, follow));
process.send?.('open');
for (let reader = 0; reader < Number(READERS); reader += 1) {
  void readOn(reader);
}
