import { KubeConfig } from '@kubernetes/client-node';
import { flagIn } from '../../flagd/flag-edit.ts';
import { holdsFlag } from '../../flagd/holds-flag.ts';
import { parseJson } from '../../flagd/json-text.ts';
import { readPercent } from '../../flagd/read-percent.ts';
import { SettingsError } from '../../kit/settings.ts';
import type { Clock } from '../../kit/time.ts';
import type { FlagLever } from '../engine/ports.ts';
import { type ConfigMapOptions, createConfigMapLever, createConfigMapStore } from './configmap-lever.ts';
import { createFeatureFlagLever } from './featureflag-lever.ts';
import type { SpareFlags } from './store.ts';

const CHECK_WITHIN_MS = 2_000;

type KubernetesLeverSettings = {
  readonly kind: 'configmap' | 'featureflag';
  /** Where it is; the pod's own one, or that of the kubeconfig's context, when undefined. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly flag: string;
  /** Of a ConfigMap: the one that flagd reads. */
  readonly key?: string | undefined;
  readonly clock: Clock;
  readonly spare?: SpareFlags | undefined;
};

/**
 * A lever over the API server that kubectl would use: the kubeconfig's, else the one the pod runs in.
 * @throws SettingsError where it is not clear which key of a ConfigMap flagd reads.
 */
export async function createKubernetesLever({
  kind,
  namespace,
  ...place
}: KubernetesLeverSettings): Promise<FlagLever> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const own = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace;
  const options = { kubeConfig, namespace: namespace ?? own ?? 'default', ...place };
  if (kind === 'featureflag') {
    return createFeatureFlagLever(options);
  }
  await refuseUnclearKey(options);
  return createConfigMapLever(options);
}

/** A controller that ends guards nothing: where any of the texts may be serving, it starts all the same, and says what is wrong. */
async function refuseUnclearKey(options: ConfigMapOptions): Promise<void> {
  const held = await createConfigMapStore(options)
    .load(options.clock.timeout(CHECK_WITHIN_MS))
    .catch(() => undefined);
  // Of a broken text nobody can say what flagd still serves of it.
  const isIn =
    held?.text !== undefined && (parseJson(held.text).kind === 'broken' || holdsFlag(held.text, options.flag));
  const isServing = Array.from(held?.copies?.values() ?? []).some((text) => mayServe(text, options.flag));
  if (held !== undefined && !isIn && !isServing) {
    const why = held.fault ?? `that key does not hold the flag ${options.flag}. Add it there.`;
    throw new SettingsError(
      `FLAG_KEY is ${options.key ?? 'not set'}, and of ${options.namespace}/${options.name} ${why}`,
    );
  }
}

function mayServe(text: string, flag: string): boolean {
  const parsed = parseJson(text);
  const reading = parsed.kind === 'json' ? readPercent(flagIn(parsed.value, flag)) : undefined;
  return reading?.kind !== 'read' || reading.percent > 0;
}
