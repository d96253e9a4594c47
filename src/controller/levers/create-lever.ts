import type { Pool } from 'pg';
import type { Clock } from '../../kit/time.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { FlagLever } from '../engine/ports.ts';
import type { ControllerSettings } from '../settings.ts';
import { createKeptFlags } from '../store/kept-flags.ts';
import { createFileLever } from './file-lever.ts';

/** The lever that the settings name. Its spare flags are kept in the database, which no rollback waits for. */
export async function createLever(
  settings: ControllerSettings,
  plan: Plan,
  pool: Pool,
  clock: Clock,
): Promise<FlagLever> {
  const { FLAGS_FILE, FLAG_NAMESPACE, FLAG_RESOURCE, FLAG_KEY } = settings;
  const place = settings.LEVER === 'file' ? FLAGS_FILE : `${FLAG_NAMESPACE ?? ''}/${FLAG_RESOURCE} ${FLAG_KEY ?? ''}`;
  const spare = createKeptFlags(pool, plan.rollout, `${settings.LEVER} ${place}`);
  const { flag } = plan;
  if (settings.LEVER === 'file') {
    return createFileLever({ file: FLAGS_FILE as string, flag, clock, spare });
  }
  // The client for Kubernetes is large, and only needed there.
  const { createKubernetesLever } = await import('./kubernetes.ts');
  return createKubernetesLever({
    kind: settings.LEVER,
    namespace: FLAG_NAMESPACE,
    name: FLAG_RESOURCE as string,
    key: FLAG_KEY,
    flag,
    clock,
    spare,
  });
}
