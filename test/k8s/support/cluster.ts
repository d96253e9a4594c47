import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CoreV1Api, CustomObjectsApi, KubeConfig, RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { until } from '../../../src/dev/until.ts';
import { skipBecause } from '../../support/skip.ts';
import { createApi } from './api.ts';
import type { Manifest } from './manifests.ts';

const DEFINITION = join(import.meta.dirname, '../../../k8s/components/featureflag-crd/featureflags.yaml');

/** Of a cluster that may be written to: each test works in a namespace of its own. */
export const KUBECONFIG = process.env.KUBECONFIG ?? '';
export const skipWithoutCluster: string | false =
  KUBECONFIG === '' && skipBecause('what needs a real API server: set KUBECONFIG to the file of a disposable cluster');

const GROUP = 'core.openfeature.dev';
const KINDS = {
  configmap: { group: '', plural: 'configmaps' },
  featureflag: { group: GROUP, plural: 'featureflags' },
} as const;
export type Kind = keyof typeof KINDS;

/** A namespace of the test's own on a real cluster, gone when disposed of. */
export type Cluster = AsyncDisposable & {
  readonly namespace: string;
  /** All rights. */
  readonly admin: KubeConfig;
  /** What an account of this namespace may do. */
  readonly as: (account: string) => Promise<KubeConfig>;
  /** What may read and patch the one object `flags` of this kind, and nothing else. */
  readonly limitedTo: (kind: Kind) => Promise<KubeConfig>;
  /** As another person does with all rights: makes the object with these flags, or replaces them. */
  readonly put: (kind: Kind, flagsText: string) => Promise<void>;
  readonly held: (kind: Kind) => Promise<string>;
  /** Adds one more flag beside ours, as another person would, whatever else is going on. */
  readonly addFlag: (kind: Kind, key: string, definition: object) => Promise<void>;
};

/** @param file the kubeconfig of a cluster that may be written to. */
export async function openCluster(file: string): Promise<Cluster> {
  const admin = new KubeConfig();
  admin.loadFromFile(file);
  const core = admin.makeApiClient(CoreV1Api);
  const custom = admin.makeApiClient(CustomObjectsApi);
  const namespace = `sluice-e2e-${randomBytes(3).toString('hex')}`;
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  await ensureFeatureFlags(admin);
  const flag = { group: GROUP, version: 'v1beta1', plural: 'featureflags', namespace, name: 'flags' };
  const map = { namespace, name: 'flags' };

  const as = async (name: string): Promise<KubeConfig> => {
    const body = { spec: { audiences: [], expirationSeconds: 600 } };
    const { status } = await core.createNamespacedServiceAccountToken({ namespace, name, body });
    const cluster = admin.getCurrentCluster();
    if (cluster === null || status?.token === undefined) {
      throw new Error('the API server gave no token');
    }
    const limited = new KubeConfig();
    limited.loadFromClusterAndUser(cluster, { name, token: status.token });
    return limited;
  };
  const held = async (kind: Kind): Promise<string> => {
    if (kind === 'configmap') {
      return (await core.readNamespacedConfigMap(map)).data?.['flags.json'] ?? '';
    }
    return JSON.stringify((await custom.getNamespacedCustomObject(flag)).spec.flagSpec);
  };
  return {
    namespace,
    admin,
    as,
    limitedTo: async (kind) => {
      const name = `only-${kind}`;
      const { group, plural } = KINDS[kind];
      const rbac = admin.makeApiClient(RbacAuthorizationV1Api);
      await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
      const rules = [{ apiGroups: [group], resources: [plural], resourceNames: ['flags'], verbs: ['get', 'patch'] }];
      await rbac.createNamespacedRole({ namespace, body: { metadata: { name }, rules } });
      await rbac.createNamespacedRoleBinding({
        namespace,
        body: {
          metadata: { name },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
          subjects: [{ kind: 'ServiceAccount', name, namespace }],
        },
      });
      return as(name);
    },
    put: async (kind, text) => {
      if (kind === 'configmap') {
        await core.createNamespacedConfigMap({
          namespace,
          body: { metadata: { name: 'flags' }, data: { 'flags.json': text, 'note.txt': 'ours' } },
        });
      } else {
        const body = {
          apiVersion: `${GROUP}/v1beta1`,
          kind: 'FeatureFlag',
          metadata: { name: 'flags' },
          spec: { flagSpec: JSON.parse(text) },
        };
        await custom.createNamespacedCustomObject({ ...flag, body });
      }
    },
    held,
    addFlag: async (kind, key, definition) => {
      await until(`${key} is added`, async () => {
        try {
          if (kind === 'configmap') {
            const body = await core.readNamespacedConfigMap(map);
            const content = JSON.parse(body.data?.['flags.json'] ?? '');
            content.flags[key] = definition;
            body.data = { ...body.data, 'flags.json': JSON.stringify(content, null, 2) };
            await core.replaceNamespacedConfigMap({ ...map, body });
          } else {
            const body = await custom.getNamespacedCustomObject(flag);
            body.spec.flagSpec.flags[key] = definition;
            await custom.replaceNamespacedCustomObject({ ...flag, body });
          }
          return true;
        } catch (error) {
          if ((error as { code?: number }).code === 409) {
            return false;
          }
          throw error;
        }
      });
    },
    [Symbol.asyncDispose]: async () => {
      await core.deleteNamespace({ name: namespace });
    },
  };
}

/** The operator's resource as far as flagd reads it, on a cluster that has no operator. */
async function ensureFeatureFlags(admin: KubeConfig): Promise<void> {
  const api = createApi(admin);
  const definition = parse(await readFile(DEFINITION, 'utf8')) as Manifest;
  const path = `${await api.pathOf(definition)}/${definition.metadata.name}`;
  if ((await api.call('GET', path)).status === 404) {
    // Another test may be doing the same: an apply is the same for both.
    const { status, message } = await api.apply(definition);
    if (status !== 200 && status !== 201) {
      throw new Error(`the API server took no definition of FeatureFlags: ${message}`);
    }
  }
  await until('the API server knows FeatureFlags', async () => {
    const { status } = JSON.parse((await api.call('GET', path)).message);
    return status?.conditions?.some(
      ({ type, status: is }: Record<string, string>) => type === 'Established' && is === 'True',
    );
  });
}
