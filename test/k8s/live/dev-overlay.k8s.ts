import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import type { StatusAnswer } from '../../../src/contract/schemas.ts';
import { until } from '../../../src/dev/until.ts';
import { skipBecause } from '../../support/skip.ts';
import { KUBECONFIG, skipWithoutCluster } from '../support/cluster.ts';
import { type Deployed, deploy } from '../support/deployment.ts';
import { skipWithoutKustomize } from '../support/kustomize.ts';
import { buildVariant } from '../support/manifests.ts';
import { startWriters } from '../support/writers.ts';

/**
 * The dev overlay on a cluster with nodes, from where its pods and Services can be reached, with the image `sluice:dev`.
 * In the namespace `sluice-dev`, which stays afterwards; the tests follow one another.
 */
const skip =
  skipWithoutKustomize ||
  skipWithoutCluster ||
  (process.env.SLUICE_K8S_LIVE !== 'yes' &&
    skipBecause('the dev overlay with real pods: set SLUICE_K8S_LIVE=yes where the image sluice:dev is on the nodes'));

const RECORDS = 1_000;
const TOKEN = 'development-only-token';

describe('the dev overlay', { skip }, () => {
  let deployed: Deployed;
  before(async () => {
    const admin = new KubeConfig();
    admin.loadFromFile(KUBECONFIG);
    deployed = await deploy(admin, await buildVariant('dev'));
    await until('the Service answers', async () => (await put(1)).status === 200, 30_000);
  });
  const put = (id: number) =>
    fetch(`${deployed.serviceUrl}/api/v1/records/violations/${id}/status?status=confirmed`, {
      method: 'PUT',
      signal: AbortSignal.timeout(5_000),
    });
  const domainShare = async () => {
    let domain = 0;
    for (let id = 1; id <= RECORDS; id += 1) {
      const answer = await put(id);
      assert.equal(answer.status, 200);
      await answer.text();
      domain += answer.headers.get('Rollout-Path') === 'domain' ? 1 : 0;
    }
    return domain / RECORDS;
  };
  const served = async () => {
    const pods = await deployed.pods('sluice-service');
    return Promise.all(
      pods.map(async ({ status }) => {
        const text = await (await fetch(`http://${status.podIP}:8081/metrics`)).text();
        return Number(/^sluice_flag_percent\{[^}]*\} (\d+)$/m.exec(text)?.[1]);
      }),
    );
  };
  /** As the controller that leads sees it: behind the Service, one that stands by may answer with an older look. */
  const statusOfRollout = async (): Promise<StatusAnswer> => {
    let status: StatusAnswer | undefined;
    await until('the controller that leads answers', async () => {
      const answer = await fetch(`${deployed.controllerUrl}/api/status`, { headers: { Connection: 'close' } }).catch(
        // A controller that was just replaced is in the Service a moment longer.
        () => undefined,
      );
      status = answer && ((await answer.json()) as StatusAnswer);
      return status?.controller.leading ?? false;
    });
    return status as StatusAnswer;
  };
  const setFaults = async (method: 'PUT' | 'DELETE', faults?: object) => {
    for (const { status } of await deployed.pods('sluice-service')) {
      const url = `http://${status.podIP}:8081/faults`;
      const answer = await fetch(url, faults ? { method, body: JSON.stringify(faults) } : { method });
      assert.equal(answer.status, 200);
    }
  };

  test('answers a PUT through the Service, by legacy while the flag is off', async () => {
    await deployed.editFlag('off');
    await until('every replica serves 0 %', async () => (await served()).every((percent) => percent === 0));
    const answer = await put(42);
    assert.equal(await answer.text(), '{"ok":true,"violation_id":42,"status":"confirmed"}');
    assert.equal(answer.headers.get('Rollout-Path'), 'legacy');
  });

  test('serves the share that the edited FeatureFlag says, within a second, on every replica', async (t) => {
    const editedAt = performance.now();
    await deployed.editFlag('p25');
    await until('every replica serves 25 %', async () => (await served()).every((percent) => percent === 25), 5_000);
    t.diagnostic(`edit to every replica: ${Math.round(performance.now() - editedAt)} ms`);
    const share = await domainShare();
    t.diagnostic(`share of ${RECORDS} records on the domain path: ${share}`);
    // The records are fixed, and so are their buckets: this is no sample.
    assert.ok(share > 0.22 && share < 0.28, `${share}`);
  });

  test('loses no acknowledged write, and doubles none, when a pod is killed under load', async (t) => {
    await deployed.editFlag('p50');
    await until('every replica serves 50 %', async () => (await served()).every((percent) => percent === 50), 5_000);
    await using writers = startWriters(deployed.serviceUrl, 100);
    await until('writes go on', () => writers.acknowledged() > 500, 60_000);
    const [victim] = await deployed.pods('sluice-service');
    await deployed.kill(victim?.metadata.name ?? '');
    const atKill = writers.acknowledged();
    await until('writes go on without it', () => writers.acknowledged() > atKill + 1_000, 60_000);
    await until(
      'there are two replicas again',
      async () => (await deployed.pods('sluice-service')).filter(isReady).length === 2,
      60_000,
    );
    assert.deepEqual(await writers.differences(), []);
    t.diagnostic(`${writers.acknowledged()} writes acknowledged; refused: ${writers.failures().length}`);
    assert.ok((writers.byPath().domain ?? 0) > 100 && (writers.byPath().legacy ?? 0) > 100);
  });

  test('fails no request, and loses no write, while every pod is replaced', async (t) => {
    await using writers = startWriters(deployed.serviceUrl, 200);
    await until('writes go on', () => writers.acknowledged() > 500, 60_000);
    await deployed.restart('sluice-service');
    const atEnd = writers.acknowledged();
    await until('writes go on', () => writers.acknowledged() > atEnd + 200, 60_000);
    assert.deepEqual(await writers.differences(), []);
    t.diagnostic(`${writers.acknowledged()} writes acknowledged`);
    assert.deepEqual(writers.failures(), []);
  });

  test('drops the flag by itself when the domain path fails, and no client notices', async (t) => {
    await deployed.editFlag('p50');
    await until('every replica serves 50 %', async () => (await served()).every((percent) => percent === 50), 5_000);
    await using writers = startWriters(deployed.serviceUrl, 300);
    await until('the domain path is used', () => (writers.byPath().domain ?? 0) > 200, 60_000);
    const brokenAt = Date.now();
    await setFaults('PUT', { domain: { errorPercent: 100 } });
    try {
      await until('the flag is off', async () => (await deployed.flag()) === 'off', 20_000);
      const droppedAfter = Date.now() - brokenAt;
      await until('every replica serves 0 %', async () => (await served()).every((percent) => percent === 0), 5_000);
      t.diagnostic(`fault to flag: ${droppedAfter} ms; to every replica: ${Date.now() - brokenAt} ms`);
      t.diagnostic(`fault to the last domain answer: ${Math.max(0, writers.lastDomainAtMs() - brokenAt)} ms`);
      assert.equal((await statusOfRollout()).state.phase, 'rolled-back');
    } finally {
      await setFaults('DELETE');
    }
    assert.deepEqual(await writers.differences(), []);
    assert.deepEqual(writers.failures(), []);
  });

  test('climbs from 5 to 100 % by itself under load once a person starts it', async (t) => {
    await using writers = startWriters(deployed.serviceUrl, 400);
    await using more = startWriters(deployed.serviceUrl, 500);
    const startedAt = Date.now();
    let answer: Response;
    await until('the controller that leads answers', async () => {
      answer = await fetch(`${deployed.controllerUrl}/api/commands`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json', Connection: 'close' },
        body: JSON.stringify({ command: 'start', actor: 'test', reason: 'to see it climb' }),
      });
      await answer.text();
      return answer.status === 200;
    });
    await until(
      'the flag is at 100 %',
      async () => {
        const { phase, why } = (await statusOfRollout()).state;
        assert.notEqual(phase, 'rolled-back', why ?? '');
        return (await deployed.flag()) === 'p100';
      },
      300_000,
    );
    t.diagnostic(`climbed in ${Math.round((Date.now() - startedAt) / 1_000)} s`);
    assert.deepEqual([...(await writers.differences()), ...(await more.differences())], []);
    assert.deepEqual([...writers.failures(), ...more.failures()], []);
    await deployed.editFlag('off');
  });
});

const isReady = ({ status }: { status: { conditions?: readonly { type: string; status: string }[] } }) =>
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
