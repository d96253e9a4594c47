import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';
import type { FlagLever } from '../engine/ports.ts';
import { callKube, type KubePlace, onlyAt, type PatchStep, pointer } from './kube-calls.ts';
import { brokenSuffix, type FlagStore } from './store.ts';
import { createTextLever } from './text-lever.ts';

const USUAL_KEY = 'flags.json';

type Options = KubePlace & {
  readonly kubeConfig: KubeConfig;
  readonly flag: string;
  /** The key of `data`; by default its only one that ends in .json, else flags.json. */
  readonly key?: string | undefined;
};

/** The flag in a ConfigMap that is mounted into flagd, which sees a change after one or two minutes. */
export function createConfigMapLever(options: Options): FlagLever {
  const where = `${options.namespace}/${options.name}`;
  const { flag, clock } = options;
  return createTextLever({ name: 'configmap', where, flag, clock, store: createConfigMapStore(options) });
}

function createConfigMapStore({ kubeConfig, namespace, name, key, callMs, clock }: Options): FlagStore {
  const api = kubeConfig.makeApiClient(CoreV1Api);
  return {
    load: async (signal) => {
      const map = await callKube({ clock, callMs, signal }, (options) =>
        api.readNamespacedConfigMap({ namespace, name }, options),
      );
      const data = map?.data;
      const used = key ?? onlyJson(data) ?? USUAL_KEY;
      const text = data?.[used];
      const patch = (next: string, keepOld: boolean, patchSignal: AbortSignal, dryRun?: 'All') => {
        const broken = `${used}.${brokenSuffix(clock.now())}`;
        const body: PatchStep[] = [
          onlyAt(map?.metadata?.resourceVersion),
          ...(data === undefined ? [{ op: 'add', path: '/data', value: {} } as const] : []),
          { op: 'add', path: pointer('data', used), value: next },
          ...(keepOld ? [{ op: 'add', path: pointer('data', broken), value: text } as const] : []),
        ];
        const asked = { namespace, name, body, fieldManager: 'sluice', ...(dryRun && { dryRun }) };
        return callKube({ clock, callMs, signal: patchSignal }, (options) =>
          api.patchNamespacedConfigMap(asked, options),
        );
      };
      return {
        text,
        save: async (next, keepOld, saveSignal) =>
          (await patch(next, keepOld, saveSignal)) === undefined ? 'changed' : 'saved',
        rehearse: async (next, dryRunSignal) => {
          await patch(next, false, dryRunSignal, 'All');
          return 'patch';
        },
      };
    },
  };
}

function onlyJson(data: Record<string, string> | undefined): string | undefined {
  const names = Object.keys(data ?? {}).filter((name) => name.endsWith('.json'));
  return names.length === 1 ? names[0] : undefined;
}
