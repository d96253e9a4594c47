import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { startReceiver } from '../support/notification-receiver.ts';
import { FLAG } from '../support/system/flags.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

/** The real service, its OpenFeature provider, flag server, lever, journal and controller. */
const planWith = (rollbackWith: string) => `
rollout: violation-status
flag: ${FLAG}
stages:
  - { percent: 50, observe: 10m }
guards:
  - { name: errors, measure: error-rate, limit: 1%, onBreach: off }
rollbackWith: ${rollbackWith}
`;

/** Nobody's: it sends those to domain whom it names, whatever the percent. */
const RULE = { if: [{ '==': [{ var: 'handled_by' }, 'qa'] }, 'p100', null] };

let system: SystemHere;
beforeEach(async () => {
  system = await startSystem();
});
afterEach(() => system[Symbol.asyncDispose]());

type Definition = { state: string; defaultVariant: string; targeting?: unknown };

const definition = async (): Promise<Definition> => JSON.parse(await readFile(system.flags.file, 'utf8')).flags[FLAG];

async function edit(changes: Partial<Definition>): Promise<void> {
  const whole = JSON.parse(await readFile(system.flags.file, 'utf8'));
  Object.assign(whole.flags[FLAG], changes);
  await writeFile(system.flags.file, JSON.stringify(whole, null, 2));
}

async function pathOf(handledBy: string): Promise<string | undefined> {
  const { headers } = await system.service.update(7, `status=confirmed&handled_by=${handledBy}`);
  return headers['rollout-path'] as string | undefined;
}

test('a rollback that disables the flag ends its targeting too, is seen served, and a start enables it', async () => {
  await edit({ targeting: RULE });
  const controller = await system.startController({ plan: planWith('disabled') });
  await controller.untilReady();
  await until('it starts', async () => (await controller.ask('start')).status === 200);
  await controller.untilConfirmed(50);
  assert.deepEqual((await definition()).state, 'ENABLED');
  await until('the rule is served', async () => (await pathOf('qa')) === 'domain');
  const alert = { labels: { alertname: 'Slow', rollout: 'violation-status', action: 'rollback' } };
  const firing = (status: 'firing' | 'resolved') =>
    controller.post('/api/alerts', {
      version: '4',
      status,
      alerts: [{ ...alert, status, fingerprint: 'f1', startsAt: '2026-03-01T10:00:00Z', annotations: {} }],
    });
  assert.equal((await firing('firing')).status, 200);
  await controller.untilConfirmed(0);
  const { state, defaultVariant } = await definition();
  assert.deepEqual([state, defaultVariant], ['DISABLED', 'off']);
  assert.equal(await pathOf('qa'), 'legacy');
  assert.equal((await controller.status()).configured.unguarded, null);
  const errors = (await system.service.admin('/metrics')).text.match(
    /sluice_flag_evaluations_total\{.*error_code="[A-Z].*/g,
  );
  assert.equal(errors, null, 'a disabled flag is no error for who serves');

  await edit({ state: 'ENABLED' });
  await until('it is disabled again', async () => (await definition()).state === 'DISABLED');
  const troubles = (await controller.history()).filter(({ kind }) => kind === 'trouble').map(({ text }) => text);
  assert.match(troubles.join(), /ENABLED and its targeting may serve domain, and is disabled again/);

  assert.equal((await firing('resolved')).status, 200);
  await controller.untilReady();
  await until('it starts', async () => (await controller.ask('start')).status === 200);
  await controller.untilConfirmed(50);
  assert.equal((await definition()).state, 'ENABLED');
});

test('targeting that serves domain at 0 % is reported once, and shown while it lasts', async () => {
  await using receiver = await startReceiver();
  await edit({ targeting: RULE });
  const controller = await system.startController({
    plan: planWith('variant'),
    env: { NOTIFY_WEBHOOK_URL: receiver.url },
  });
  await controller.untilReady();
  const isUnguarded = ({ body }: { readonly body: string }) => body.includes('"unguarded"');
  await until('it is notified', () => receiver.received.some(isUnguarded));
  assert.deepEqual((await controller.status()).configured.unguarded, ['p100']);
  assert.equal(JSON.parse(receiver.received.find(isUnguarded)?.body ?? '{}').severity, 'warning');
  await until('it starts', async () => (await controller.ask('start')).status === 200);
  await controller.untilConfirmed(50);
  assert.equal((await controller.status()).configured.unguarded, null, 'guards act above 0 %');
  const said = (await controller.history()).filter(({ kind }) => kind === 'unguarded');
  assert.equal(said.length, 1);
  await controller.command('rollback');
  await controller.untilConfirmed(0);
  assert.equal((await definition()).state, 'ENABLED');
  await controller.untilStatus('it is shown again', ({ configured }) => configured.unguarded !== null);
});
