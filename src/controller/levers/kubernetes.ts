import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../kit/time.ts';
import type { FlagLever } from '../engine/ports.ts';
import { createConfigMapLever } from './configmap-lever.ts';
import { createFeatureFlagLever } from './featureflag-lever.ts';

type Options = {
  readonly kind: 'configmap' | 'featureflag';
  /** Where it is; the pod's own one, or that of the kubeconfig's context, when undefined. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly flag: string;
  readonly clock: Clock;
};

/** A lever over the API server that kubectl would use: the kubeconfig's, else the one the pod runs in. */
export function createKubernetesLever({ kind, namespace, name, flag, clock }: Options): FlagLever {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const own = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace;
  const place = { kubeConfig, namespace: namespace ?? own ?? 'default', name, flag, clock };
  return kind === 'configmap' ? createConfigMapLever(place) : createFeatureFlagLever(place);
}
