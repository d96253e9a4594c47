import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { generateManifests } from '../../scripts/generate-k8s.ts';
import { skipWithoutKustomize as skip } from './support/kustomize.ts';
import { buildVariant, find, type Manifest, ofKind, VARIANTS, type Variant } from './support/manifests.ts';
import { selects, type Workload, workloadsOf } from './support/workloads.ts';

/** What holds for every overlay, without a cluster: who may do what, who may talk to whom. */
const variants = Object.keys(VARIANTS) as Variant[];

/** The Service's own account and what it may do; nobody else has rights or a token. */
const RIGHTS = {
  'sluice-controller': [{ verbs: ['get', 'watch', 'patch'], resourceNames: ['violation-status'] }],
  'sluice-flagd': [{ verbs: ['get', 'list', 'watch'], resourceNames: undefined }],
} as const;

for (const variant of variants) {
  describe(variant, { skip }, () => {
    const each = (title: string, check: (manifests: readonly Manifest[]) => void | Promise<void>) =>
      test(title, async () => check(await buildVariant(variant)));

    each('is in a namespace that admits only restricted pods, except what belongs to no namespace', (manifests) => {
      const namespace = ofKind(manifests, 'Namespace')[0];
      assert.equal(namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
      for (const { kind, metadata } of manifests) {
        const isGlobal = ['Namespace', 'CustomResourceDefinition'].includes(kind);
        assert.equal(metadata.namespace, isGlobal ? undefined : namespace.metadata.name, `${kind} ${metadata.name}`);
      }
    });

    each('runs every container without root, capabilities, privileges or a writable image', (manifests) => {
      for (const { title, containers, pod } of workloadsOf(manifests)) {
        assert.ok(!pod.hostNetwork && !pod.hostPID, title);
        assert.ok(!pod.volumes?.some(({ hostPath }) => hostPath), `${title} mounts a path of the node`);
        for (const { name, securityContext, resources } of containers) {
          const context = { ...pod.securityContext, ...securityContext };
          const where = `${title}, ${name}`;
          assert.equal(context.runAsNonRoot, true, where);
          assert.notEqual(context.runAsUser, 0, where);
          assert.equal(context.seccompProfile?.type, 'RuntimeDefault', where);
          assert.equal(context.allowPrivilegeEscalation, false, where);
          assert.equal(context.readOnlyRootFilesystem, true, where);
          assert.ok(!context.privileged, where);
          assert.deepEqual(context.capabilities, { drop: ['ALL'] }, where);
          assert.ok(resources?.requests?.cpu && resources.requests.memory && resources.limits?.memory, where);
        }
      }
    });

    each('pins every image to one version', (manifests) => {
      for (const { title, containers } of workloadsOf(manifests)) {
        for (const { image } of containers) {
          const isOwnBuild = variant === 'dev' && image === 'sluice:dev';
          assert.ok(isOwnBuild || /@sha256:[0-9a-f]{64}$|:v?\d+\.\d+(\.\d+)?$/.test(image), `${title}: ${image}`);
        }
      }
    });

    each('gives rights to the controller and flagd alone, and a token to nobody else', (manifests) => {
      assert.deepEqual(ofKind(manifests, 'ClusterRole', 'ClusterRoleBinding'), []);
      const roles = ofKind(manifests, 'Role');
      const bound = ofKind(manifests, 'RoleBinding').flatMap(({ roleRef, subjects }) => {
        assert.equal(roleRef.kind, 'Role');
        assert.ok(
          roles.some(({ metadata }) => metadata.name === roleRef.name),
          `no Role ${roleRef.name}`,
        );
        return subjects.map((subject: { kind: string; name: string }) => {
          assert.equal(subject.kind, 'ServiceAccount');
          find(manifests, 'ServiceAccount', subject.name);
          return subject.name;
        });
      });
      for (const role of roles) {
        const allowed = RIGHTS[role.metadata.name as keyof typeof RIGHTS];
        const resource =
          holdsTheFlag(manifests).kind === 'ConfigMap' ? ['', 'configmaps'] : ['core.openfeature.dev', 'featureflags'];
        assert.deepEqual(
          role.rules.map(({ apiGroups, resources, resourceNames, verbs }: Record<string, unknown>) => ({
            apiGroups,
            resources,
            resourceNames,
            verbs,
          })),
          allowed.map((rule) => ({ apiGroups: [resource[0]], resources: [resource[1]], ...rule })),
        );
      }
      for (const account of ofKind(manifests, 'ServiceAccount')) {
        assert.equal(account.automountServiceAccountToken, false, account.metadata.name);
      }
      for (const { title, pod } of workloadsOf(manifests)) {
        const isBound = bound.includes(pod.serviceAccountName as string);
        assert.equal(pod.automountServiceAccountToken, isBound, title);
      }
    });

    each('denies all traffic, and lets in what each port is for', (manifests) => {
      const policies = ofKind(manifests, 'NetworkPolicy');
      const deny = find(manifests, 'NetworkPolicy', 'sluice-deny').spec as object;
      assert.deepEqual(deny, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
      const opened = new Set<unknown>();
      for (const { title, labels, containers } of workloadsOf(manifests)) {
        const own = policies.filter(({ spec }) => isNamed(spec.podSelector) && selects(spec.podSelector, labels));
        assert.equal(own.length, 1, `${title} has policies of its own: ${own.map(({ metadata }) => metadata.name)}`);
        const rules = own[0]?.spec.ingress ?? [];
        const ports = containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));
        for (const rule of rules) {
          assert.ok(rule.from?.length > 0 && rule.ports?.length > 0, `${title} lets in everybody, or to every port`);
          for (const { port } of rule.ports) {
            assert.ok(ports.includes(port), `${title} lets in to ${port}, where nothing listens`);
            opened.add(rule);
          }
        }
        for (const port of ports) {
          const isOpen = rules.some((rule: { ports: { port: number }[] }) =>
            rule.ports.some((open) => open.port === port),
          );
          assert.ok(isOpen, `nobody may reach ${title} on ${port}`);
        }
      }
      assert.ok(opened.size > 0);
    });

    each('lets out who has to talk, on both sides of each arrow', (manifests) => {
      for (const [from, to, port] of ARROWS) {
        const source = workload(manifests, from);
        const target = workload(manifests, to);
        if (source === undefined || target === undefined) {
          assert.match(`${from} ${to}`, /sluice-postgres|sluice-seed/);
          continue;
        }
        assert.ok(mayTalk(manifests, source, target, port), `${from} may not talk to ${to} on ${port}`);
      }
    });

    each('lets nobody out who has nothing to say', (manifests) => {
      const all = workloadsOf(manifests);
      for (const source of all) {
        for (const target of all) {
          for (const { containerPort } of target.containers.flatMap(({ ports = [] }) => ports)) {
            const [from, to] = [source, target].map(({ labels }) => labels['app.kubernetes.io/name']);
            const isArrow = ARROWS.some((arrow) => arrow[0] === from && arrow[1] === to && arrow[2] === containerPort);
            assert.equal(
              mayTalk(manifests, source, target, containerPort),
              isArrow,
              `${from} to ${to} on ${containerPort}`,
            );
          }
        }
      }
    });
  });
}

test('production forbids choosing a path and faults, and asks a person at 50 %', { skip }, async () => {
  const manifests = await buildVariant('production');
  assert.equal(setting(manifests, 'FORCE_DOMAIN'), 'deny');
  assert.equal(setting(manifests, 'FAULT_INJECTION'), 'deny');
  const plan = find(manifests, 'ConfigMap', planName(manifests)).data?.['rollout.yaml'] ?? '';
  assert.match(plan, /percent: 50, .*approval: required/);
  assert.deepEqual(ofKind(manifests, 'Secret'), [], 'Secrets are made by whoever owns them, and named only');
});

test('staging lets tests choose their path, and holds no Secret either', { skip }, async () => {
  const manifests = await buildVariant('staging');
  assert.equal(setting(manifests, 'FORCE_DOMAIN'), 'allow');
  assert.deepEqual(ofKind(manifests, 'Secret'), []);
});

test('what is generated says what its sources say', async () => {
  for (const [path, content] of Object.entries(await generateManifests())) {
    const held = await readFile(join(import.meta.dirname, '../..', path), 'utf8');
    assert.ok(held === content, `${path} is out of date: npm run k8s:generate`);
  }
});

/** The drawing in docs/architecture.md, as far as both ends are ours. */
const ARROWS: readonly (readonly [from: string, to: string, port: number])[] = [
  ['sluice-service', 'sluice-flagd', 8015],
  ['sluice-service', 'sluice-postgres', 5432],
  ['sluice-controller', 'sluice-service', 8081],
  ['sluice-controller', 'sluice-controller', 8090],
  ['sluice-controller', 'sluice-postgres', 5432],
  ['sluice-migrate', 'sluice-postgres', 5432],
  ['sluice-seed', 'sluice-postgres', 5432],
];

const workload = (manifests: readonly Manifest[], name: string) =>
  workloadsOf(manifests).find(({ labels }) => labels['app.kubernetes.io/name'] === name);

type Peer = { readonly podSelector?: object; readonly namespaceSelector?: object };
type Rule = { readonly from?: Peer[]; readonly to?: Peer[]; readonly ports?: readonly { readonly port: number }[] };

function mayTalk(manifests: readonly Manifest[], source: Workload, target: Workload, port: number): boolean {
  const allows = (subject: Workload, peer: Workload, rulesOf: (spec: Manifest) => Rule[] | undefined) =>
    ofKind(manifests, 'NetworkPolicy')
      .filter(({ spec }) => selects(spec.podSelector, subject.labels))
      .flatMap(({ spec }) => rulesOf(spec) ?? [])
      .some(({ from, to, ports }) => {
        const peers = from ?? to;
        const knows =
          peers === undefined ||
          peers.some(
            ({ podSelector, namespaceSelector }) =>
              podSelector !== undefined && namespaceSelector === undefined && selects(podSelector, peer.labels),
          );
        return knows && ports?.some((open) => open.port === port);
      });
  return allows(source, target, ({ egress }) => egress) && allows(target, source, ({ ingress }) => ingress);
}

const isNamed = (selector: { matchLabels?: object; matchExpressions?: unknown[] }) =>
  selector.matchLabels !== undefined || selector.matchExpressions !== undefined;

const holdsTheFlag = (manifests: readonly Manifest[]): Manifest =>
  ofKind(manifests, 'FeatureFlag', 'ConfigMap').find(
    ({ metadata }) => metadata.labels?.['sluice/part'] === 'flag',
  ) as Manifest;

function setting(manifests: readonly Manifest[], name: string): string | undefined {
  return workload(manifests, 'sluice-service')?.containers[0]?.env?.find((each) => each.name === name)?.value;
}

const planName = (manifests: readonly Manifest[]) =>
  workload(manifests, 'sluice-controller')?.pod.volumes?.find(({ name }) => name === 'plan')?.configMap?.name as string;
