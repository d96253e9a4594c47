import { type Manifest, nameOf, ofKind } from './manifests.ts';

export type Container = {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { readonly secretRef?: Ref; readonly configMapRef?: Ref }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string }[];
  readonly securityContext?: SecurityContext;
  readonly resources?: { readonly requests?: Resources; readonly limits?: Resources };
} & Readonly<Record<'livenessProbe' | 'readinessProbe' | 'startupProbe', Probe | undefined>>;

type Ref = { readonly name: string; readonly key?: string };
type Resources = { readonly cpu?: string; readonly memory?: string };
type Probe = { readonly httpGet?: { readonly port: string | number; readonly path: string } };
type EnvVar = {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: Ref; readonly configMapKeyRef?: Ref };
};
type SecurityContext = {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
};

/** A pod template with where it comes from. */
export type Workload = {
  readonly title: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  readonly pod: {
    readonly serviceAccountName?: string;
    readonly automountServiceAccountToken?: boolean;
    readonly hostNetwork?: boolean;
    readonly hostPID?: boolean;
    readonly terminationGracePeriodSeconds?: number;
    readonly securityContext?: SecurityContext;
    readonly volumes?: readonly {
      readonly name: string;
      readonly hostPath?: unknown;
      readonly configMap?: { readonly name: string };
      readonly secret?: { readonly secretName: string };
    }[];
  };
};

export function workloadsOf(manifests: readonly Manifest[]): readonly Workload[] {
  return ofKind(manifests, 'Deployment', 'StatefulSet', 'DaemonSet', 'Job').map((manifest) => {
    const { metadata, spec } = manifest.spec.template;
    return {
      title: nameOf(manifest),
      labels: metadata.labels,
      containers: [...(spec.initContainers ?? []), ...spec.containers],
      pod: spec,
    };
  });
}

type Selector = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: string[];
  }[];
};

/** As Kubernetes does: an empty selector is everything. */
export function selects(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator !== 'In') {
        throw new Error(`this check knows no operator ${operator}`);
      }
      return values.includes(labels[key] ?? '');
    })
  );
}
