import type { KubeConfig } from '@kubernetes/client-node';
import { until } from '../../../src/dev/until.ts';
import { type Api, createApi } from './api.ts';
import { type Manifest, nameOf, ofKind } from './manifests.ts';

const READY_WITHIN_MS = 180_000;
const MERGE = 'application/merge-patch+json';

type Pod = {
  readonly metadata: {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};

/** An overlay that runs on a real cluster. */
export type Deployed = {
  readonly serviceUrl: string;
  readonly controllerUrl: string;
  readonly pods: (name: string) => Promise<readonly Pod[]>;
  /** As `kubectl edit featureflag` does. */
  readonly editFlag: (variant: string) => Promise<void>;
  readonly flag: () => Promise<string>;
  /** Without a grace period, as when a node dies. */
  readonly kill: (pod: string) => Promise<void>;
  /** As `kubectl rollout restart` does, until every pod is a new one. */
  readonly restart: (deployment: string) => Promise<void>;
};

/** Applies the objects, definitions first, and waits until every pod is ready and every job done. */
export async function deploy(admin: KubeConfig, manifests: readonly Manifest[]): Promise<Deployed> {
  const api = createApi(admin);
  const first = ofKind(manifests, 'Namespace', 'CustomResourceDefinition');
  for (const manifest of [...first, ...manifests.filter((each) => !first.includes(each))]) {
    await until(`${nameOf(manifest)} is taken`, async () => {
      // A definition that was just made is known a moment later.
      if ((await api.pathOf(manifest)) === undefined) {
        return false;
      }
      const { status, message } = await api.apply(manifest);
      if (status >= 300) {
        throw new Error(`${nameOf(manifest)}: ${message}`);
      }
      return true;
    });
  }
  const namespace = first.find(({ kind }) => kind === 'Namespace')?.metadata.name ?? 'default';
  const core = `/api/v1/namespaces/${namespace}`;
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const flagPath = `/apis/core.openfeature.dev/v1beta1/namespaces/${namespace}/featureflags/violation-status`;

  const pods = async (name: string): Promise<readonly Pod[]> => {
    const selector = encodeURIComponent(`app.kubernetes.io/name=${name}`);
    return (await get<{ items: readonly Pod[] }>(api, `${core}/pods?labelSelector=${selector}`)).items;
  };
  const rolledOut = async (deployment: string, replicas: number) => {
    const { metadata, status } = await get<DeploymentAnswer>(api, `${deployments}/${deployment}`);
    return (
      status.observedGeneration === metadata.generation &&
      status.updatedReplicas === replicas &&
      status.readyReplicas === replicas &&
      status.replicas === replicas
    );
  };
  for (const { metadata, spec } of ofKind(manifests, 'Deployment')) {
    const ready = () => rolledOut(metadata.name, spec.replicas ?? 2);
    await until(`${metadata.name} is ready`, ready, READY_WITHIN_MS);
  }
  for (const { metadata } of ofKind(manifests, 'Job')) {
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs/${metadata.name}`;
    const done = async () => (await get<{ status: { succeeded?: number } }>(api, path)).status.succeeded === 1;
    await until(`${metadata.name} is done`, done, READY_WITHIN_MS);
  }
  const addressOf = async (service: string, port: number) => {
    const { spec } = await get<{ spec: { clusterIP: string } }>(api, `${core}/services/${service}`);
    return `http://${spec.clusterIP}:${port}`;
  };
  return {
    serviceUrl: await addressOf('sluice-service', 8080),
    controllerUrl: await addressOf('sluice-controller', 8090),
    pods,
    editFlag: async (variant) => {
      const flags = { 'violation-status-domain-percent': { defaultVariant: variant } };
      await change(api, 'PATCH', flagPath, { spec: { flagSpec: { flags } } }, MERGE);
    },
    flag: async () => {
      const { spec } = await get<FlagAnswer>(api, flagPath);
      return spec.flagSpec.flags['violation-status-domain-percent'].defaultVariant;
    },
    kill: async (pod) => {
      await change(api, 'DELETE', `${core}/pods/${pod}?gracePeriodSeconds=0`);
    },
    restart: async (deployment) => {
      const annotations = { 'sluice/restarted-at': new Date().toISOString() };
      const patch = { spec: { template: { metadata: { annotations } } } };
      await change(api, 'PATCH', `${deployments}/${deployment}`, patch, MERGE);
      await until(`${deployment} is replaced`, () => rolledOut(deployment, 2), READY_WITHIN_MS);
      await until(
        `the old pods of ${deployment} are gone`,
        async () => (await pods(deployment)).every(({ metadata }) => metadata.deletionTimestamp === undefined),
        READY_WITHIN_MS,
      );
    },
  };
}

type DeploymentAnswer = {
  readonly metadata: { readonly generation: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly replicas?: number;
  };
};
type FlagAnswer = {
  readonly spec: {
    readonly flagSpec: {
      readonly flags: { readonly 'violation-status-domain-percent': { readonly defaultVariant: string } };
    };
  };
};

async function get<T>(api: Api, path: string): Promise<T> {
  return change<T>(api, 'GET', path);
}

async function change<T>(api: Api, ...call: Parameters<Api['call']>): Promise<T> {
  const { status, message } = await api.call(...call);
  if (status >= 300) {
    throw new Error(`${call[0]} ${call[1]}: ${status} ${message}`);
  }
  return JSON.parse(message);
}
