import { setTimeout as sleep } from 'node:timers/promises';
import { hindersLookUp, kindOf } from '../schedule/kinds.ts';
import type { StepOf } from '../schedule/schedule.ts';
import type { Member } from '../system/member.ts';
import type { Action } from '../wire/interference.ts';
import { isOfLookUp, type Point } from '../wire/points.ts';
import type { Others } from './fault-log.ts';
import type { Scene } from './scene.ts';

/** What makes a write be looked up, so that the points of the look-up are come to at all. */
const CAUSES_OF_LOOK_UP: readonly Point[] = ['commit-before', 'commit-after', 'legacy-after'];

/** For how long a server process may be left to itself where its replica is hindered in ending it; and where it is not. */
const HINDERED_MS = 50;
const ENDED_WITHIN_MS = 2_000;

export async function interfereAt(step: StepOf<'cut' | 'part' | 'delay'>, scene: Scene, others: Others): Promise<void> {
  const { interference, proxy } = scene.environment;
  const action: Action = step.kind === 'delay' ? { kind: 'delay', delayMs: step.delayMs } : { kind: step.kind };
  const disarm = [interference.arm(step.point, action, step.hits)];
  if (isOfLookUp(step.point)) {
    // The server stays connected: only then is there a process to end.
    disarm.push(...CAUSES_OF_LOOK_UP.map((point) => interference.arm(point, { kind: 'part' }, step.hits)));
  }
  await sleep(step.forMs);
  disarm.forEach((end) => void end());
  await proxy.untilPassed();
  const isHindered = () => isOfLookUp(step.point) || others().some(({ kind }) => hindersLookUp(kind));
  const left = await proxy.endParted(isHindered() ? HINDERED_MS : ENDED_WITHIN_MS);
  if (left > 0 && !isHindered()) {
    scene.blame(`${left} server processes of lost connections were not ended in ${ENDED_WITHIN_MS} ms`);
  }
}

export async function cutEverything({ environment: { proxy }, faults }: Scene): Promise<void> {
  proxy.cutAll();
  faults.count('cut-all');
}

export async function restartDatabase(step: StepOf<'database-restart'>, scene: Scene): Promise<void> {
  await scene.environment.database.restart(step);
  scene.faults.count(kindOf(step));
}

/** The database is slow, and more writers come than there are connections. */
export async function exhaustPool(
  { forMs, delayMs, burst }: StepOf<'pool-exhaustion'>,
  { environment, writers, faults }: Scene,
): Promise<void> {
  const { interference, proxy, fleet } = environment;
  const written = writers.burst(burst);
  const speedUp = interference.slowDown(delayMs);
  try {
    await sleep(forMs / 2);
    const waiting = await Promise.all(
      Array.from({ length: fleet.slots }, (_, slot) => writesThatWait(fleet.current(slot))),
    );
    if (waiting.some((writes) => writes > 0)) {
      faults.count('pool-exhaustion');
    }
    await sleep(forMs / 2);
  } finally {
    // Left on, it would hold up every connection for as long as anybody writes: `untilPassed` would never come true.
    speedUp();
  }
  await Promise.all([written, proxy.untilPassed()]);
}

/** 0 where the replica is gone or has not begun to answer, as in the middle of another fault. */
const writesThatWait = ({ replica }: Member): Promise<number> =>
  replica.metric('sluice_database_connections', { state: 'waiting' }).catch(() => 0);
