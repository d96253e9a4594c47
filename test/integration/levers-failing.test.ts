import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { startKubeApi, type TestKubeApi } from '../support/kube-api.ts';
import { startReceiver } from '../support/notification-receiver.ts';
import { FLAG } from '../support/system/flags.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

/** A whole controller over a ConfigMap (API server: a stand-in) that replicas do not follow. */
const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages:
  - { percent: 50, observe: 10m }
guards:
  - { name: errors, measure: error-rate, limit: 1%, onBreach: off }
`;
const MAP = '/api/v1/namespaces/default/configmaps/flags';
const textOf = (variant: string) =>
  JSON.stringify({ flags: { [FLAG]: { state: 'ENABLED', variants: { off: 0, p50: 50 }, defaultVariant: variant } } });

let system: SystemHere;
let api: TestKubeApi;
let folder: string;
let kubeconfig: string | undefined;

beforeEach(async () => {
  system = await startSystem();
  api = await startKubeApi();
  api.put(MAP, { kind: 'ConfigMap', data: { 'flags.json': textOf('off') } });
  folder = await mkdtemp(join(tmpdir(), 'sluice-failing-'));
  await writeFile(join(folder, 'config'), api.kubeConfig.exportConfig());
  kubeconfig = process.env.KUBECONFIG;
  process.env.KUBECONFIG = join(folder, 'config');
});

afterEach(async () => {
  await system[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
  if (kubeconfig === undefined) {
    delete process.env.KUBECONFIG;
  } else {
    process.env.KUBECONFIG = kubeconfig;
  }
});

const startController = (env: Record<string, string> = {}) =>
  system.startController({
    plan: PLAN,
    env: { LEVER: 'configmap', FLAG_NAMESPACE: 'default', FLAG_RESOURCE: 'flags', ...env },
  });

test('a rollback to a stage while another flag spoils the file goes to 0 %, and whoever asked is answered so', async () => {
  const plan = PLAN.replace('stages:', 'stages:\n  - { percent: 10, observe: 10m }');
  const { file } = system.flags;
  const edit = async (change: (flags: Record<string, { state: string; defaultVariant: string }>) => void) => {
    const whole = JSON.parse(await readFile(file, 'utf8'));
    change(whole.flags);
    await writeFile(file, JSON.stringify(whole));
    return whole.flags;
  };
  const controller = await system.startController({ plan });
  await controller.untilReady();
  await edit((flags) => Object.assign(flags[FLAG] ?? {}, { defaultVariant: 'p50' }));
  await controller.until('observing', 50);
  await controller.untilConfirmed(50);
  await edit((flags) => Object.assign(flags, { theirs: { ...flags[FLAG], state: 'on' } }));
  await controller.untilStatus('it sees that', ({ configured }) => configured.problem !== null);
  const { status, json } = await controller.ask('rollback', { to: 10 });
  assert.equal(status, 200);
  assert.match(json.done, /^Rolled back from 50 % to 0 % and not to 10 %: the history says why\.$/);
  await controller.untilConfirmed(0);
  const flags = JSON.parse(await readFile(file, 'utf8')).flags;
  assert.deepEqual([flags[FLAG].defaultVariant, flags.theirs], ['off', undefined]);
});

test('a second key with the flag is critical and holds every raise, and the percent is that of the key it was', async () => {
  const controller = await startController();
  await controller.untilReady();
  api.put(MAP, { ...api.get(MAP), data: { 'flags.json': textOf('off'), 'more.json': textOf('p50') } });
  const { configured, state } = await controller.untilStatus('it fails', (now) => now.configured.failing !== null);
  assert.match(configured.failing ?? '', /is also in more\.json, and flagd reads flags\.json/);
  assert.deepEqual([configured.percent, state.phase], [0, 'idle']);
  assert.match((await controller.ask('start')).text, /The lever fails/);
  assert.ok((await controller.history()).some(({ kind }) => kind === 'lever-failed'));
});

test('a lever that is refused is critical at once, by name, and holds every raise until it works', async () => {
  await using receiver = await startReceiver();
  api.refusePatches(403);
  const controller = await startController({ NOTIFY_WEBHOOK_URL: receiver.url });
  const failing = await controller.untilStatus('it fails', ({ configured }) => configured.failing !== null);
  assert.match(failing.configured.failing ?? '', /^The lever fails: .*default\/flags: .*answered 403: no patches$/);
  assert.equal(failing.configured.way, null);
  const metric = async () => (await controller.get('/metrics')).text.match(/^sluice_rollout_lever_failing.*$/m)?.[0];
  assert.equal(await metric(), 'sluice_rollout_lever_failing{rollout="violation-status",lever="configmap"} 1');
  await until('somebody is notified', () => receiver.received.some(({ body }) => body.includes('"lever-failed"')));
  assert.equal(JSON.parse(receiver.received[0]?.body ?? '{}').severity, 'critical');
  await controller.untilStatus('it leads', ({ controller: { leading } }) => leading);
  assert.match((await controller.ask('start')).text, /The lever fails/);
  assert.equal(api.patches.length, 0);

  api.refusePatches(undefined);
  const { configured } = await controller.untilReady(10_000);
  assert.deepEqual([configured.failing, configured.way], [null, 'patch']);
  assert.equal(await metric(), 'sluice_rollout_lever_failing{rollout="violation-status",lever="configmap"} 0');
});
