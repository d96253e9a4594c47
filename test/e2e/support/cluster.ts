import { randomBytes } from 'node:crypto';
import {
  ApiextensionsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  RbacAuthorizationV1Api,
} from '@kubernetes/client-node';
import { until } from '../../support/until.ts';

const GROUP = 'core.openfeature.dev';
const KINDS = {
  configmap: { group: '', plural: 'configmaps' },
  featureflag: { group: GROUP, plural: 'featureflags' },
} as const;
export type Kind = keyof typeof KINDS;

/** A namespace of the test's own on a real cluster, gone when disposed of. */
export type Cluster = AsyncDisposable & {
  readonly namespace: string;
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

  const held = async (kind: Kind): Promise<string> => {
    if (kind === 'configmap') {
      return (await core.readNamespacedConfigMap(map)).data?.['flags.json'] ?? '';
    }
    return JSON.stringify((await custom.getNamespacedCustomObject(flag)).spec.flagSpec);
  };
  return {
    namespace,
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
      const { status } = await core.createNamespacedServiceAccountToken({
        namespace,
        name,
        body: { spec: { audiences: [], expirationSeconds: 600 } },
      });
      const limited = new KubeConfig();
      const cluster = admin.getCurrentCluster();
      if (cluster === null || status?.token === undefined) {
        throw new Error('the API server gave no token');
      }
      limited.loadFromClusterAndUser(cluster, { name, token: status.token });
      return limited;
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
  const api = admin.makeApiClient(ApiextensionsV1Api);
  const name = `featureflags.${GROUP}`;
  try {
    await api.createCustomResourceDefinition({
      body: {
        metadata: { name },
        spec: {
          group: GROUP,
          scope: 'Namespaced',
          names: { kind: 'FeatureFlag', plural: 'featureflags', singular: 'featureflag' },
          versions: [
            {
              name: 'v1beta1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: {
                  type: 'object',
                  properties: { spec: { type: 'object', x_kubernetes_preserve_unknown_fields: true } },
                },
              },
            },
          ],
        },
      },
    });
  } catch (error) {
    if ((error as { code?: number }).code !== 409) {
      throw error;
    }
  }
  await until('the API server knows FeatureFlags', async () => {
    const { status } = await api.readCustomResourceDefinition({ name });
    return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;
  });
}
