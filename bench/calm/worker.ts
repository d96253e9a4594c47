import { parentPort } from 'node:worker_threads';
import type { Case } from './cases.ts';
import { simulate } from './simulate.ts';

export type Job = {
  readonly caseAt: number;
  readonly simulated: Case;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
};

parentPort?.on('message', ({ caseAt, simulated, seed, first, count }: Job) => {
  parentPort?.postMessage(simulate(simulated, [seed, caseAt], first, count));
});
