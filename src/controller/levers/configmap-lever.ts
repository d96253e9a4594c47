import { CoreV1Api, type KubeConfig, type V1ConfigMap } from '@kubernetes/client-node';
import type { FlagLever } from '../engine/ports.ts';
import { chooseKey } from './configmap-key.ts';
import { keptKey } from './kept-annotations.ts';
import { callKube, type KubePlace, type PatchStep, pointer } from './kube-calls.ts';
import { holdObject } from './kube-object.ts';
import type { FlagStore, TextChange } from './store.ts';
import { createTextLever } from './text-lever.ts';

export type ConfigMapOptions = KubePlace & {
  readonly kubeConfig: KubeConfig;
  readonly flag: string;
  /** The key of `data` that flagd reads; by default the only one that holds the flag. */
  readonly key?: string | undefined;
};

/** The flag in a ConfigMap that is mounted into flagd, which sees a change after one or two minutes. */
export function createConfigMapLever(options: ConfigMapOptions): FlagLever {
  const where = `${options.namespace}/${options.name}`;
  const { flag, clock, spare } = options;
  return createTextLever({ name: 'configmap', where, flag, clock, spare, store: createConfigMapStore(options) });
}

export function createConfigMapStore({
  kubeConfig,
  namespace,
  name,
  flag,
  key,
  callMs,
  clock,
}: ConfigMapOptions): FlagStore {
  const api = kubeConfig.makeApiClient(CoreV1Api);
  /** Which key it was stays known: one that is added later, or that loses the flag, changes nothing about what flagd reads. */
  let known = key;
  return {
    load: async (signal) => {
      const map = await callKube({ clock, callMs, signal }, (options) =>
        api.readNamespacedConfigMap({ namespace, name }, options),
      );
      const found = chooseKey(map?.data, flag, { set: key, known: known ?? keptKey(map?.metadata?.annotations) });
      known = found.used ?? known;
      const text = found.used === undefined ? undefined : map?.data?.[found.used];
      return {
        text,
        copies: found.copies,
        fault: found.fault,
        ...holdObject({
          metadata: map?.metadata,
          text,
          flag,
          textIn: (object) => (found.used === undefined ? undefined : (object as V1ConfigMap).data?.[found.used]),
          clock,
          key: found.used,
          stepsFor: (change) => stepsFor(map, found.used, change),
          patch: (body, patchSignal, dryRun) =>
            callKube({ clock, callMs, signal: patchSignal }, (options) =>
              api.patchNamespacedConfigMap(
                { namespace, name, body, fieldManager: 'sluice', ...(dryRun && { dryRun }) },
                options,
              ),
            ),
        }),
      };
    },
  };
}

function stepsFor(map: V1ConfigMap | undefined, used: string | undefined, { text, copies }: TextChange): PatchStep[] {
  const put = (key: string, value: string): PatchStep => ({ op: 'add', path: pointer('data', key), value });
  return [
    ...(map?.data === undefined ? [{ op: 'add', path: '/data', value: {} } as const] : []),
    ...(used === undefined || text === undefined ? [] : [put(used, text)]),
    ...Array.from(copies, ([key, copy]) => put(key, copy)),
  ];
}
