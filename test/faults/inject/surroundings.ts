import { setTimeout as sleep } from 'node:timers/promises';
import type { StepOf } from '../schedule/schedule.ts';
import type { Scene } from './scene.ts';

export async function restartFlags({ downMs }: StepOf<'flags-restart'>, { environment, faults }: Scene): Promise<void> {
  await environment.flags.restart(downMs);
  faults.count('flags-restart');
}

export async function flapFlags(
  { percents, everyMs }: StepOf<'flags-flap'>,
  { environment, faults }: Scene,
): Promise<void> {
  for (const percent of percents) {
    await environment.flags.set(percent);
    await sleep(everyMs);
  }
  faults.count('flags-flap');
}

/**
 * Records that were handled at a time which is still to come, as a failover to a machine whose clock is behind leaves them. The
 * writers find them among the hot ones.
 */
export async function skewClock({ aheadMs, records }: StepOf<'clock-skew'>, scene: Scene): Promise<void> {
  const added = await scene.addRecords(records, aheadMs);
  scene.targets.hot.push(...added.map(({ id }) => id));
  scene.faults.count('clock-skew');
}

export async function killController({ environment, faults }: Scene): Promise<void> {
  await environment.conductor.crash();
  faults.count('controller-kill');
}
