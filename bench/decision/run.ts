import { join } from 'node:path';
import { startChild } from '../child.ts';
import { type Environment, flagAt } from '../environment.ts';
import type { DecisionCost } from './protocol.ts';

/** Measures the cost of one routing decision in a process of its own, over a flag at 50 %, where the bucket decides. */
export async function measureDecision(
  environment: Environment,
  iterations: number,
  signal: AbortSignal,
): Promise<DecisionCost> {
  await using child = startChild(join(import.meta.dirname, 'measure.ts'), {
    FLAG: flagAt(50),
    FLAG_PORT: String(environment.flagPort),
    ITERATIONS: String(iterations),
  });
  return await child.nextMessage<DecisionCost>(signal);
}
