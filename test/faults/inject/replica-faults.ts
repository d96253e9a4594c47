import { setTimeout as sleep } from 'node:timers/promises';
import type { StepOf } from '../schedule/schedule.ts';
import { DOMAIN_TIMEOUT_MS } from '../system/environment.ts';
import type { Member } from '../system/member.ts';
import type { Scene } from './scene.ts';

/** SIGKILL: its clients lose what is under way, until another one takes its place. */
export function killReplica(
  { slot, downMs }: StepOf<'kill'>,
  { environment: { fleet }, faults }: Scene,
): Promise<void> {
  return fleet.exclusively(slot, async () => {
    await fleet.current(slot).kill();
    faults.count('kill');
    await sleep(downMs);
    fleet.put(slot, await fleet.takeSpare());
  });
}

/** A new replica takes the place of an old one, which is asked to stop, `lagMs` before its clients hear of it. */
export function rollOut({ slot, lagMs }: StepOf<'rollout'>, scene: Scene): Promise<void> {
  const { fleet } = scene.environment;
  return fleet.exclusively(slot, async () => {
    const old = fleet.current(slot);
    const next = await fleet.takeSpare();
    // One that nobody is connected to closes its port at once: Sluice promises no more.
    await old.met();
    if (lagMs === 0) {
      fleet.put(slot, next);
    }
    const ended = old.terminate();
    if (lagMs > 0) {
      await sleep(lagMs);
      fleet.put(slot, next);
    }
    await old.idle();
    old.agent.destroy();
    const code = await ended;
    if (code !== 0) {
      scene.blame(`${old.name} ended its rollout with ${code ?? 'a signal'} instead of 0`);
    }
    scene.faults.count('rollout');
  });
}

export function failDomain({ slot, forMs, percent }: StepOf<'domain-errors'>, scene: Scene): Promise<void> {
  return withFaults(scene, slot, forMs, 'domain-errors', { errorPercent: percent });
}

export function hangDomain({ slot, forMs }: StepOf<'domain-hang'>, scene: Scene): Promise<void> {
  return withFaults(scene, slot, forMs, 'domain-hang', { delayMs: DOMAIN_TIMEOUT_MS * 2 });
}

async function withFaults(scene: Scene, slot: number, forMs: number, kind: string, domain: object): Promise<void> {
  const member = scene.environment.fleet.current(slot);
  if (await setFaults(member, { domain })) {
    scene.faults.count(kind);
    await sleep(forMs);
    await setFaults(member, {});
  }
}

/** @returns false where that replica is gone by now. */
async function setFaults(member: Member, faults: object): Promise<boolean> {
  try {
    await member.replica.setFaults(faults);
    return true;
  } catch (error) {
    if (member.isEnding()) {
      return false;
    }
    throw error;
  }
}
