import { setTimeout as sleep } from 'node:timers/promises';
import type { SignalSource } from '../../src/controller/engine/ports.ts';
import { createWatch } from '../../src/controller/engine/watch.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import { quantile } from '../statistics.ts';

const WARM_UP = 10;
const LOOKS = 40;
const PAUSE_MS = 100;

export type Looks = {
  readonly cpuMs: Spread;
  readonly wallMs: Spread;
  /** Looks that did not bring every replica. */
  readonly short: number;
};
type Spread = { readonly p50: number; readonly p95: number };

/** Looks at all replicas, from the request for their metrics to the verdicts. Processor time is that of all our threads. */
export async function measureLooks(
  source: SignalSource,
  plan: Plan,
  replicas: number,
  withinMs: number,
): Promise<Looks> {
  const watch = createWatch(plan, [source.name], Date.now());
  const cpuMs: number[] = [];
  const wallMs: number[] = [];
  let short = 0;
  for (let look = 0; look < WARM_UP + LOOKS; look += 1) {
    const [before, beganAt] = [process.cpuUsage(), performance.now()];
    const reading = await source.read(AbortSignal.timeout(withinMs));
    watch.take(source.name, reading, Date.now());
    const { user, system } = process.cpuUsage(before);
    if (look >= WARM_UP) {
      cpuMs.push((user + system) / 1_000);
      wallMs.push(performance.now() - beganAt);
      short += reading.kind === 'read' && reading.replicas.length === replicas ? 0 : 1;
    }
    await sleep(PAUSE_MS);
  }
  return { cpuMs: spread(cpuMs), wallMs: spread(wallMs), short };
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
}
