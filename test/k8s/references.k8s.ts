import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ControllerEnvironment } from '../../src/controller/settings.ts';
import { lintFlagsText } from '../../src/flagd/lint.ts';
import { parsePlan } from '../../src/rollout/plan.ts';
import { readServiceSettings, ServiceEnvironment } from '../../src/service/settings.ts';
import { skipWithoutKustomize as skip } from './support/kustomize.ts';
import { buildVariant, find, type Manifest, nameOf, ofKind, VARIANTS, type Variant } from './support/manifests.ts';
import { type Container, selects, type Workload, workloadsOf } from './support/workloads.ts';

/** Every name that one object uses of another exists, and every setting is one that the program knows. */

/** Made by whoever installs, with these keys: docs/operations.md, "Install". */
const SECRETS_TO_BE_MADE: Readonly<Record<string, readonly string[]>> = {
  'sluice-database': ['service-url', 'controller-url', 'migrate-url'],
  'sluice-controller-token': ['token'],
};
const SECRET_VALUES: Readonly<Record<string, string>> = {
  'service-url': 'postgresql://user:password@host:5432/database',
  'controller-url': 'postgresql://user:password@host:5432/database',
  'migrate-url': 'postgresql://user:password@host:5432/database',
};

for (const variant of Object.keys(VARIANTS) as Variant[]) {
  describe(variant, { skip }, () => {
    const each = (title: string, check: (manifests: readonly Manifest[]) => void) =>
      test(title, async () => check(await buildVariant(variant)));

    each('uses only accounts, Secrets and ConfigMaps that there are', (manifests) => {
      for (const { title, pod, containers } of workloadsOf(manifests)) {
        find(manifests, 'ServiceAccount', pod.serviceAccountName ?? `an account for ${title}`);
        for (const { configMap, secret } of pod.volumes ?? []) {
          configMap && find(manifests, 'ConfigMap', configMap.name);
          secret && assertSecret(manifests, secret.secretName, undefined);
        }
        for (const { name, value, valueFrom } of containers.flatMap(({ env = [] }) => env)) {
          const { secretKeyRef, configMapKeyRef } = valueFrom ?? {};
          secretKeyRef && assertSecret(manifests, secretKeyRef.name, secretKeyRef.key);
          if (configMapKeyRef) {
            const { data = {} } = find(manifests, 'ConfigMap', configMapKeyRef.name);
            assert.ok(Object.hasOwn(data, configMapKeyRef.key ?? ''), `${title}: ${name}`);
          }
          assert.ok(!(secretKeyRef && value), `${title}: ${name} has a value beside its Secret`);
        }
      }
    });

    each('mounts only volumes that there are, and asks its probes on ports that there are', (manifests) => {
      for (const { title, pod, containers } of workloadsOf(manifests)) {
        for (const container of containers) {
          for (const { name } of container.volumeMounts ?? []) {
            assert.ok(
              pod.volumes?.some((volume) => volume.name === name),
              `${title} has no volume ${name}`,
            );
          }
          for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
            const port = probe?.httpGet?.port;
            assert.ok(port === undefined || hasPort(container, port), `${title} has no port ${port}`);
          }
        }
      }
    });

    each('has a workload and its port behind every Service, budget and autoscaler', (manifests) => {
      for (const service of ofKind(manifests, 'Service')) {
        const behind = selectedBy(manifests, { matchLabels: service.spec.selector });
        for (const { targetPort } of service.spec.ports) {
          const listens = behind.some(({ containers }) => containers.some((each) => hasPort(each, targetPort)));
          assert.ok(listens, `${nameOf(service)}: nobody listens on ${targetPort}`);
        }
      }
      for (const budget of ofKind(manifests, 'PodDisruptionBudget')) {
        assert.equal(selectedBy(manifests, budget.spec.selector).length, 1, nameOf(budget));
      }
      for (const { spec } of ofKind(manifests, 'HorizontalPodAutoscaler')) {
        const { kind, name } = spec.scaleTargetRef;
        const scaled = find(manifests, kind, name);
        assert.equal(scaled.spec.replicas, undefined, 'an apply would take back what the autoscaler added');
        assert.equal(spec.minReplicas, 2);
      }
      for (const deployment of ofKind(manifests, 'Deployment')) {
        const { selector, template } = deployment.spec;
        assert.ok(selects(selector, template.metadata.labels), nameOf(deployment));
      }
    });

    each('names hosts that are Services with that port', (manifests) => {
      const controller = containerOf(manifests, 'sluice-controller');
      const service = containerOf(manifests, 'sluice-service');
      assertHost(manifests, settingOf(service, 'FLAGD_HOST'), Number(settingOf(service, 'FLAGD_PORT')));
      const [, replicas = '', port] = /^dns:([^:]+):(\d+)$/.exec(settingOf(controller, 'SCRAPE_TARGETS') ?? '') ?? [];
      assertHost(manifests, replicas, Number(port));
      assert.equal(find(manifests, 'Service', replicas).spec.clusterIP, 'None', 'one address would hide the others');
      const url = new URL(settingOf(controller, 'SLUICE_URL') ?? '');
      assertHost(manifests, url.hostname, Number(url.port));
      for (const { metadata, spec } of ofKind(manifests, 'AlertmanagerConfig')) {
        const webhook = spec.receivers[0].webhookConfigs[0];
        const [name, namespace, svc] = new URL(webhook.url).hostname.split('.');
        assert.deepEqual([namespace, svc], [metadata.namespace, 'svc']);
        assertHost(manifests, name, Number(new URL(webhook.url).port));
        const { credentials } = webhook.httpConfig.authorization;
        assertSecret(manifests, credentials.name, credentials.key);
      }
    });

    each('scrapes Services that there are, under the jobs that the rules name', (manifests) => {
      for (const { metadata, spec } of ofKind(manifests, 'ServiceMonitor')) {
        const [{ port }] = spec.endpoints;
        const scraped = ofKind(manifests, 'Service').filter(
          (service) =>
            selects(spec.selector, service.metadata.labels ?? {}) &&
            service.spec.ports.some(({ name }: { name: string }) => name === port),
        );
        assert.equal(scraped.length, 1, `${metadata.name} scrapes each replica once`);
        assert.equal(scraped[0]?.metadata.labels?.[spec.jobLabel], metadata.name);
      }
      const rules = JSON.stringify(ofKind(manifests, 'PrometheusRule'));
      for (const [, job = ''] of rules.matchAll(/job=\\+"([^"\\]+)/g)) {
        find(manifests, 'ServiceMonitor', job);
      }
    });

    each('sets only what the programs know, to what they accept', (manifests) => {
      const known = {
        'src/service.ts': ServiceEnvironment.properties,
        'src/controller.ts': { ...ControllerEnvironment.properties, SLUICE_URL: {} },
        'src/migrate.ts': { DATABASE_URL: {} },
      };
      const seen = new Set<string>();
      for (const container of workloadsOf(manifests).flatMap(({ containers }) => containers)) {
        const program = container.command?.[1] as keyof typeof known;
        if (container.command?.[0] === 'node') {
          seen.add(program);
          for (const { name } of container.env ?? []) {
            assert.ok(Object.hasOwn(known[program], name), `${program} knows no ${name}`);
          }
        }
      }
      assert.deepEqual([...seen].sort(), Object.keys(known).sort());
      const env = (container: Container) =>
        Object.fromEntries(
          (container.env ?? []).map(({ name, value, valueFrom }) => [
            name,
            value ?? SECRET_VALUES[valueFrom?.secretKeyRef?.key ?? ''],
          ]),
        );
      const service = readServiceSettings(env(containerOf(manifests, 'sluice-service')));
      const { PORT, ADMIN_PORT } = service;
      const ports = containerOf(manifests, 'sluice-service').ports?.map(({ containerPort }) => containerPort);
      assert.deepEqual(ports, [PORT, ADMIN_PORT]);
    });

    each('has one flag, of which service, flagd, controller, plan and rights say the same name', (manifests) => {
      const holders = ofKind(manifests, 'FeatureFlag', 'ConfigMap').filter(
        ({ metadata }) => metadata.labels?.['sluice/part'] === 'flag',
      );
      assert.equal(holders.length, 1);
      const [holder] = holders as [Manifest];
      const flagSpec =
        holder.kind === 'ConfigMap' ? JSON.parse(holder.data?.['flags.json'] ?? '') : holder.spec.flagSpec;
      const text = JSON.stringify(flagSpec);
      const controller = containerOf(manifests, 'sluice-controller');
      const plan = parsePlan(planText(manifests), 'rollout.yaml');
      assert.deepEqual(lintFlagsText(text, { flagKey: plan.flag }), [], 'the flag has none of flagd’s silent traps');
      assert.equal(flagSpec.flags[plan.flag].defaultVariant, 'off');
      for (const { percent } of plan.stages) {
        assert.ok(Object.values(flagSpec.flags[plan.flag].variants).includes(percent), `no variant for ${percent} %`);
      }
      assert.equal(settingOf(containerOf(manifests, 'sluice-service'), 'ROLLOUT_FLAG'), plan.flag);
      assert.equal(settingOf(controller, 'FLAG_RESOURCE'), holder.metadata.name);
      assert.equal(settingOf(controller, 'LEVER'), holder.kind.toLowerCase());
      assert.deepEqual(find(manifests, 'Role', 'sluice-controller').rules[0].resourceNames, [holder.metadata.name]);
      const source = containerOf(manifests, 'sluice-flagd').args?.find((arg) => arg.startsWith('--uri='));
      assert.equal(
        source,
        holder.kind === 'ConfigMap'
          ? '--uri=file:/etc/flagd/flags.json'
          : `--uri=core.openfeature.dev/$(POD_NAMESPACE)/${holder.metadata.name}`,
      );
      if (holder.kind === 'ConfigMap') {
        assert.equal(settingOf(controller, 'FLAG_KEY'), 'flags.json', 'the key that flagd reads');
      }
    });

    each('gives a replica the time to answer what it took', (manifests) => {
      const { pod, containers } = workload(manifests, 'sluice-service');
      const preStop = (containers[0] as unknown as { lifecycle: { preStop: { sleep: { seconds: number } } } }).lifecycle
        .preStop.sleep.seconds;
      assert.ok(preStop >= 3, 'the endpoints have to be gone everywhere before the port is');
      // src/kit/http/server.ts: a last second for new connections, 15 s for answers; then 2 s for the pools.
      assert.ok((pod.terminationGracePeriodSeconds ?? 0) >= preStop + 1 + 15 + 2);
    });
  });
}

function workload(manifests: readonly Manifest[], name: string): Workload {
  const found = workloadsOf(manifests).find(({ labels }) => labels['app.kubernetes.io/name'] === name);
  assert.ok(found, `there is no workload ${name}`);
  return found;
}

const containerOf = (manifests: readonly Manifest[], name: string) =>
  workload(manifests, name).containers[0] as Container;

const settingOf = ({ env = [] }: Container, name: string) => env.find((each) => each.name === name)?.value;

const hasPort = ({ ports = [] }: Container, port: string | number) =>
  ports.some(({ name, containerPort }) => name === port || containerPort === port);

const selectedBy = (manifests: readonly Manifest[], selector: object) =>
  workloadsOf(manifests).filter(({ labels }) => selects(selector, labels));

function assertSecret(manifests: readonly Manifest[], name: string, key: string | undefined): void {
  const held = ofKind(manifests, 'Secret').find(({ metadata }) => metadata.name === name);
  const keys = held === undefined ? SECRETS_TO_BE_MADE[name] : Object.keys(held.data ?? {});
  assert.ok(keys !== undefined, `there is no Secret ${name}`);
  assert.ok(key === undefined || keys.includes(key), `Secret ${name} has no key ${key}`);
}

function assertHost(manifests: readonly Manifest[], name: string | undefined, port: number): void {
  const { spec } = find(manifests, 'Service', name ?? 'without a name');
  assert.ok(
    spec.ports.some((open: { port: number }) => open.port === port),
    `Service ${name} has no port ${port}`,
  );
}

const planText = (manifests: readonly Manifest[]) => {
  const volume = workload(manifests, 'sluice-controller').pod.volumes?.find(({ name }) => name === 'plan');
  return find(manifests, 'ConfigMap', volume?.configMap?.name ?? '').data?.['rollout.yaml'] ?? '';
};
