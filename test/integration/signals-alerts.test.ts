import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { FLAG } from '../support/system/flags.ts';
import { startSystem } from '../support/system/system.ts';

const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages: [{ percent: 50, observe: 1h }]
guards: [{ name: errors, measure: error-rate, limit: 1%, onBreach: off }]
`;

test('where no replica is read, nothing says that one is unconfirmed, nor that all are confirmed', async () => {
  await using system = await startSystem();
  const env = { SIGNALS: 'alerts', SCRAPE_TARGETS: '' };
  const controller = await system.startController({ plan: PLAN, env });
  await system.flags.set(50);
  await controller.until('observing', 50);
  assert.equal((await controller.ask('rollback')).status, 200);
  await until('0 % is served', async () => (await system.service.metric('sluice_flag_percent')) === 0);
  const { change, readsNoReplicas } = await controller.status();
  assert.deepEqual(
    [change?.percent, change?.writtenAt === null, change?.confirmedAt, change?.waitingFor, readsNoReplicas],
    [0, false, null, [], true],
  );
  const { text } = await controller.get('/metrics');
  assert.match(text, /^sluice_rollout_percent_wanted\{rollout="violation-status"\} 0$/m);
  assert.doesNotMatch(text, /^sluice_rollout_unconfirmed_replicas\{/m);
  const [saved] = await system.database.query(
    "SELECT unconfirmed FROM rollout_state WHERE rollout = 'violation-status'",
  );
  assert.equal(saved?.unconfirmed, null, 'nobody goes on waiting for what cannot be seen');
  const kinds = (await controller.history()).map(({ kind }) => kind);
  assert.ok(!kinds.includes('confirmed') && !kinds.includes('unconfirmed'), kinds.join(', '));
});
