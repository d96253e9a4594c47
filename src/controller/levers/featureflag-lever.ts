import { isDeepStrictEqual } from 'node:util';
import { CustomObjectsApi, type KubeConfig } from '@kubernetes/client-node';
import { isObject } from '../../flagd/problem.ts';
import type { FlagLever } from '../engine/ports.ts';
import { callKube, type KubePlace, type PatchStep, pointer } from './kube-calls.ts';
import { holdObject } from './kube-object.ts';
import type { FlagStore } from './store.ts';
import { createTextLever } from './text-lever.ts';

const RESOURCE = { group: 'core.openfeature.dev', version: 'v1beta1', plural: 'featureflags' };

type FeatureFlagLeverParts = KubePlace & { readonly kubeConfig: KubeConfig; readonly flag: string };

/** The flag in a FeatureFlag resource of the OpenFeature operator, which flagd watches: it sees a change at once. */
export function createFeatureFlagLever(options: FeatureFlagLeverParts): FlagLever {
  const where = `${options.namespace}/${options.name}`;
  const { flag, clock, spare } = options;
  return createTextLever({ name: 'featureflag', where, flag, clock, spare, store: createFeatureFlagStore(options) });
}

type Resource = {
  readonly metadata?: { readonly resourceVersion?: string; readonly annotations?: Record<string, string> };
  readonly spec?: { readonly flagSpec?: unknown };
};

function createFeatureFlagStore({
  kubeConfig,
  namespace,
  name,
  flag,
  callMs,
  clock,
}: FeatureFlagLeverParts): FlagStore {
  const api = kubeConfig.makeApiClient(CustomObjectsApi);
  const place = { ...RESOURCE, namespace, name };
  return {
    load: async (signal) => {
      const resource = (await callKube({ clock, callMs, signal }, (options) =>
        api.getNamespacedCustomObject(place, options),
      )) as Resource | undefined;
      const held = resource?.spec?.flagSpec;
      const text = resource && textIn(resource);
      return {
        text,
        ...holdObject({
          metadata: resource?.metadata,
          text,
          flag,
          textIn,
          clock,
          stepsFor: ({ text: next }) => (next === undefined ? [] : stepsTo(held, JSON.parse(next))),
          patch: (body, patchSignal, dryRun) =>
            callKube({ clock, callMs, signal: patchSignal }, (options) =>
              api.patchNamespacedCustomObject(
                { ...place, body, fieldManager: 'sluice', ...(dryRun && { dryRun }) },
                options,
              ),
            ),
        }),
      };
    },
  };
}

/** flagd gets it as JSON, so that it is edited and checked as JSON. */
function textIn({ spec }: Resource): string | undefined {
  return spec?.flagSpec === undefined ? undefined : JSON.stringify(spec.flagSpec, null, 2);
}

/** Only the flags that differ: one where the flag was edited, more where a broken resource is put back. */
function stepsTo(held: unknown, next: Record<string, unknown>): PatchStep[] {
  const before = isObject(held) && isObject(held.flags) ? held.flags : undefined;
  const after = next.flags as Record<string, unknown>;
  if (before === undefined) {
    return [{ op: 'add', path: '/spec/flagSpec', value: next }];
  }
  const at = (flag: string) => pointer('spec', 'flagSpec', 'flags', flag);
  return [
    ...Object.keys(before)
      .filter((flag) => !Object.hasOwn(after, flag))
      .map((flag): PatchStep => ({ op: 'remove', path: at(flag) })),
    ...Object.entries(after)
      .filter(([flag, definition]) => !isDeepStrictEqual(before[flag], definition))
      .map(([flag, value]): PatchStep => ({ op: 'add', path: at(flag), value })),
  ];
}
