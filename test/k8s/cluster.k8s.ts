import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { skipBecause } from '../support/skip.ts';
import { type Api, createApi } from './support/api.ts';
import { KUBECONFIG, openCluster, skipWithoutCluster } from './support/cluster.ts';
import { skipWithoutKustomize } from './support/kustomize.ts';
import { buildVariant, find, type Manifest, nameOf, ofKind, VARIANTS, type Variant } from './support/manifests.ts';

/** What a real API server says to the manifests, and whom it lets do what with them. */
const skip = skipWithoutKustomize || skipWithoutCluster;

/** Everything is tried in a namespace that the test made, whatever the overlay's is called. */
function inNamespace(manifest: Manifest, namespace: string): Manifest {
  if (manifest.metadata.namespace === undefined) {
    return manifest;
  }
  const { subjects } = manifest as { subjects?: readonly object[] };
  return {
    ...manifest,
    metadata: { ...manifest.metadata, namespace },
    ...(subjects && { subjects: subjects.map((subject) => ({ ...subject, namespace })) }),
  };
}

describe('a real API server', { skip }, () => {
  for (const variant of Object.keys(VARIANTS) as Variant[]) {
    test(`takes every object of ${variant}, without a warning about a field`, async () => {
      await using cluster = await openCluster(KUBECONFIG);
      const api = createApi(cluster.admin);
      for (const manifest of await buildVariant(variant)) {
        const placed = inNamespace(manifest, cluster.namespace);
        if ((await api.pathOf(placed)) === undefined) {
          skipBecause(`${manifest.kind} on a real API server: this one has no ${manifest.apiVersion}`);
          continue;
        }
        const { status, message } = await api.apply(placed, { dryRun: true });
        assert.ok(status === 200 || status === 201, `${nameOf(manifest)}: ${status} ${message}`);
      }
    });
  }

  test('refuses an object with a field that it does not know: the check above can fail', async () => {
    await using cluster = await openCluster(KUBECONFIG);
    const service = find(await buildVariant('dev'), 'Deployment', 'sluice-service');
    const wrong = inNamespace({ ...service, spec: { ...service.spec, replica: 2 } }, cluster.namespace);
    const { status, message } = await createApi(cluster.admin).apply(wrong, { dryRun: true });
    assert.notEqual(Math.floor(status / 100), 2);
    assert.match(message, /replica/);
  });

  test('lets the controller read, watch and patch its flag, and nothing else', async () => {
    await using cluster = await openCluster(KUBECONFIG);
    const admin = createApi(cluster.admin);
    await install(admin, await buildVariant('production'), cluster.namespace);
    const api = createApi(await cluster.as('sluice-controller'));
    const flags = `/apis/core.openfeature.dev/v1beta1/namespaces/${cluster.namespace}/featureflags`;
    const own = `${flags}/violation-status`;
    const toHalf = [
      { op: 'replace', path: '/spec/flagSpec/flags/violation-status-domain-percent/defaultVariant', value: 'p50' },
    ];
    const patch = (path: string) => statusOf(api, 'PATCH', path, toHalf, 'application/json-patch+json');
    await untilAllowed(api, own);
    assert.equal(await patch(own), 200);
    const field = encodeURIComponent('metadata.name=violation-status');
    assert.equal(await statusOf(api, 'GET', `${flags}?watch=true&fieldSelector=${field}&timeoutSeconds=1`), 200);

    const { message } = await admin.call('GET', own);
    const held = JSON.parse(message);
    assert.equal(held.spec.flagSpec.flags['violation-status-domain-percent'].defaultVariant, 'p50');
    const core = `/api/v1/namespaces/${cluster.namespace}`;
    const refused: Record<string, number> = {
      'another flag, read': await statusOf(api, 'GET', `${flags}/another`),
      'another flag, patched': await patch(`${flags}/another`),
      'all flags, listed': await statusOf(api, 'GET', flags),
      'all flags, watched': await statusOf(api, 'GET', `${flags}?watch=true&timeoutSeconds=1`),
      'its flag, replaced': await statusOf(api, 'PUT', own, held),
      'its flag, deleted': await statusOf(api, 'DELETE', own),
      'a flag, made': await statusOf(api, 'POST', flags, { ...held, metadata: { name: 'another' } }),
      'a Secret, read': await statusOf(api, 'GET', `${core}/secrets/sluice-database`),
      'Secrets, listed': await statusOf(api, 'GET', `${core}/secrets`),
      'ConfigMaps, listed': await statusOf(api, 'GET', `${core}/configmaps`),
      'a pod, deleted': await statusOf(api, 'DELETE', `${core}/pods/any`),
      'its Deployment, patched': await statusOf(
        api,
        'PATCH',
        `/apis/apps/v1/namespaces/${cluster.namespace}/deployments/sluice-service`,
        [],
        'application/json-patch+json',
      ),
      'a flag elsewhere': await statusOf(api, 'GET', own.replace(cluster.namespace, 'default')),
      'its own rights, widened': await statusOf(
        api,
        'PATCH',
        `/apis/rbac.authorization.k8s.io/v1/namespaces/${cluster.namespace}/roles/sluice-controller`,
        [],
        'application/json-patch+json',
      ),
    };
    for (const [what, status] of Object.entries(refused)) {
      assert.equal(status, 403, what);
    }
  });

  test('lets flagd read and watch flags, and change none; lets the service do nothing', async () => {
    await using cluster = await openCluster(KUBECONFIG);
    await install(createApi(cluster.admin), await buildVariant('production'), cluster.namespace);
    const flags = `/apis/core.openfeature.dev/v1beta1/namespaces/${cluster.namespace}/featureflags`;
    const own = `${flags}/violation-status`;
    const secrets = `/api/v1/namespaces/${cluster.namespace}/secrets`;
    const flagd = createApi(await cluster.as('sluice-flagd'));
    await untilAllowed(flagd, flags);
    assert.equal(await statusOf(flagd, 'GET', `${flags}?watch=true&timeoutSeconds=1`), 200);
    assert.equal(await statusOf(flagd, 'PATCH', own, [], 'application/json-patch+json'), 403);
    assert.equal(await statusOf(flagd, 'GET', secrets), 403);
    for (const account of ['sluice-service', 'sluice-migrate']) {
      const api = createApi(await cluster.as(account));
      assert.equal(await statusOf(api, 'GET', own), 403, account);
      assert.equal(await statusOf(api, 'GET', secrets), 403, account);
    }
  });

  test('from a ConfigMap: lets the controller patch that one, and flagd do nothing', async () => {
    await using cluster = await openCluster(KUBECONFIG);
    await install(createApi(cluster.admin), await buildVariant('production from a ConfigMap'), cluster.namespace);
    const maps = `/api/v1/namespaces/${cluster.namespace}/configmaps`;
    const controller = createApi(await cluster.as('sluice-controller'));
    const patch = (path: string) => statusOf(controller, 'PATCH', path, [], 'application/json-patch+json');
    await untilAllowed(controller, `${maps}/violation-status`);
    assert.equal(await patch(`${maps}/violation-status`), 200);
    assert.equal(await patch(`${maps}/kube-root-ca.crt`), 403);
    assert.equal(await statusOf(controller, 'GET', maps), 403);
    const flagd = createApi(await cluster.as('sluice-flagd'));
    assert.equal(await statusOf(flagd, 'GET', `${maps}/violation-status`), 403);
  });
});

/** Accounts, rights, the flag and another one beside it; no pods, which a control plane alone could not run. */
async function install(api: Api, manifests: readonly Manifest[], namespace: string): Promise<void> {
  const flags = ofKind(manifests, 'FeatureFlag');
  const others = flags.map((flag) => ({ ...flag, metadata: { ...flag.metadata, name: 'another' } }));
  const parts = ofKind(manifests, 'ServiceAccount', 'Role', 'RoleBinding', 'ConfigMap');
  for (const manifest of [...parts, ...flags, ...others]) {
    const { status, message } = await api.apply(inNamespace(manifest, namespace));
    assert.ok(status === 200 || status === 201, `${nameOf(manifest)}: ${message}`);
  }
}

/** The server learns of new rights a moment after it took them. */
const untilAllowed = (api: Api, path: string) =>
  until(`${path} may be read`, async () => (await statusOf(api, 'GET', path)) === 200);

async function statusOf(api: Api, ...call: Parameters<Api['call']>): Promise<number> {
  const { status, message } = await api.call(...call);
  assert.notEqual(status, 404, `${call[0]} ${call[1]}: ${message}`);
  return status;
}
