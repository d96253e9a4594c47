import { setTimeout as sleep } from 'node:timers/promises';
import { kindOf } from '../schedule/kinds.ts';
import type { Step } from '../schedule/schedule.ts';
import { cutEverything, exhaustPool, interfereAt, restartDatabase } from './database-faults.ts';
import type { Others } from './fault-log.ts';
import { failDomain, hangDomain, killReplica, rollOut } from './replica-faults.ts';
import type { Scene } from './scene.ts';
import { flapFlags, killController, restartFlags, skewClock } from './surroundings.ts';

/** Whether a fault may keep a write from being done: then a clean 503 is allowed while it lasts. */
const MAY_REFUSE: ReadonlySet<Step['kind']> = new Set([
  'cut',
  'part',
  'delay',
  'cut-all',
  'database-restart',
  'pool-exhaustion',
]);

/** Waits for the step's time, and does it; returns when it is over. */
export async function inject(step: Step, scene: Scene): Promise<void> {
  await sleep(step.atMs);
  await scene.faults.during(kindOf(step), MAY_REFUSE.has(step.kind), (others) => perform(step, scene, others));
}

function perform(step: Step, scene: Scene, others: Others): Promise<void> {
  switch (step.kind) {
    case 'kill':
      return killReplica(step, scene);
    case 'rollout':
      return rollOut(step, scene);
    case 'cut':
    case 'part':
    case 'delay':
      return interfereAt(step, scene, others);
    case 'cut-all':
      return cutEverything(scene);
    case 'database-restart':
      return restartDatabase(step, scene);
    case 'flags-restart':
      return restartFlags(step, scene);
    case 'flags-flap':
      return flapFlags(step, scene);
    case 'domain-errors':
      return failDomain(step, scene);
    case 'domain-hang':
      return hangDomain(step, scene);
    case 'clock-skew':
      return skewClock(step, scene);
    case 'pool-exhaustion':
      return exhaustPool(step, scene);
    case 'controller-kill':
      return killController(scene);
  }
}
