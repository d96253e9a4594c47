import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { FLAG } from '../support/system/flags.ts';
import type { Replica } from '../support/system/replica.ts';
import { type SystemHere, startSystem } from '../support/system/system.ts';

let system: SystemHere;
let service: Replica;
let driving: AbortController;
let driven: Promise<void>;

beforeEach(async () => {
  system = await startSystem({ env: { SHADOW_SAMPLE_PERCENT: '100' } });
  ({ service } = system);
  driving = new AbortController();
  driven = Promise.resolve();
});
afterEach(async () => {
  driving.abort();
  await driven;
  await system[Symbol.asyncDispose]();
});

/** Requests that the percent sends where they go. */
function drive(): void {
  driven = (async () => {
    for (let call = 0; !driving.signal.aborted; call += 1) {
      await service.update(1 + (call % 1_000), 'status=confirmed');
    }
  })();
}

describe('a guard that compares with legacy, at 100 % where legacy has no requests', () => {
  const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages: [{ percent: 50, observe: 1h }, { percent: 100, observe: 2s }]
guards: [{ name: mean-ratio, measure: latency-mean, comparedTo: legacy, limit: 1000x, window: 1s, onBreach: hold }]
minSamples: 10
`;
  const at100 = async () => {
    const controller = await system.startController({ plan: PLAN });
    await controller.untilReady();
    drive();
    await controller.command('start');
    await controller.untilStatus('both paths were compared', ({ verdicts }) =>
      verdicts.some(({ guard, kind }) => guard === 'mean-ratio' && kind === 'healthy'),
    );
    await controller.command('promote');
    await controller.until('observing', 100);
    return controller;
  };

  test('goes on after a restart with what legacy did before, and the stage ends', async () => {
    const controller = await at100();
    await controller.stop();
    await controller.restart();
    await controller.until('complete', 100, 20_000);
  });

  test('goes on so with another controller that never saw legacy', async () => {
    const first = await at100();
    const second = await system.startController({ plan: PLAN, name: 'second' });
    await second.until('observing', 100);
    await first.stop();
    await second.until('complete', 100, 20_000);
    const [row] = await system.database.query('SELECT legacy_baseline FROM rollout_state');
    assert.deepEqual(Object.keys(row?.legacy_baseline as object), ['scrape']);
  });
});

describe('a write that is found to differ', () => {
  const PLAN = `
rollout: violation-status
flag: ${FLAG}
stages: [{ percent: 50, observe: 1h }]
guards: [{ name: consistency, measure: mismatches, limit: 0, onBreach: off }]
minSamples: 1
`;
  const differ = (path: 'domain' | 'legacy') =>
    service.update(77, `status=resolved&notes=kept&force_domain=${path === 'domain'}`);
  const isKept = async () => (await system.database.query('SELECT 1 FROM consistency_mismatches')).length > 0;
  /** What the database returned of it, and what is read back. */
  const untilChecked = async () => {
    const labels = { path: 'domain', field: 'notes', result: 'mismatch' };
    const count = () => service.metric('sluice_consistency_checks_total', labels);
    await until('both checks of it were made', async () => (await count()) === 2 && (await isKept()));
  };
  beforeEach(async () => {
    await system.database.query(`
      CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.notes := NULL; RETURN NEW; END $$`);
  });
  const plant = () =>
    system.database.query('CREATE TRIGGER planted BEFORE UPDATE ON violations FOR EACH ROW EXECUTE FUNCTION planted()');
  const startedAt50 = async () => {
    const controller = await system.startController({ plan: PLAN });
    await controller.untilReady();
    await controller.command('start');
    await controller.untilConfirmed(50);
    return controller;
  };

  test('while the controller restarts drops the flag once it is back, and is named', async () => {
    const controller = await startedAt50();
    await controller.stop();
    await plant();
    await differ('domain');
    await untilChecked();
    await controller.restart();
    const { state } = await controller.until('rolled-back', 0);
    assert.match(state.why ?? '', /consistency by database found 1/);
    await until('its record is named', async () =>
      (await controller.history()).some(({ kind, text }) => kind === 'mismatched' && text.includes('violation 77')),
    );
  });

  test('while nobody leads, by a replica that is gone before the next one looks, is counted all the same', async () => {
    const first = await startedAt50();
    await first.stop();
    await plant();
    await differ('domain');
    await until('it is kept', isKept);
    await service.stop();
    const second = await system.startController({ plan: PLAN, name: 'second' });
    await second.until('rolled-back', 0);
  });

  test('before the rollout began says nothing of it, also to a controller that starts', async () => {
    await plant();
    await differ('domain');
    await untilChecked();
    await system.database.query('DROP TRIGGER planted ON violations');
    const controller = await startedAt50();
    await controller.stop();
    await controller.restart();
    await controller.untilReady();
    assert.equal((await controller.status()).wanted, 50);
  });

  test('by legacy is reported, and leaves a healthy domain where it is', async () => {
    const controller = await startedAt50();
    await plant();
    await differ('legacy');
    await until('it is kept', isKept);
    const { verdicts, wanted } = await controller.untilStatus('it is shown', ({ verdicts }) =>
      verdicts.some(({ source }) => source === 'database'),
    );
    const ofDatabase = verdicts.filter(({ source }) => source === 'database');
    assert.deepEqual(
      ofDatabase.map(({ kind, value, detail }) => [kind, value, detail]),
      [['healthy', 0, '1 more that legacy wrote, which is not held against domain']],
    );
    assert.equal(wanted, 50);
    const told = async () => (await controller.history()).filter(({ kind }) => kind === 'mismatched');
    await until('it is in the journal', async () => (await told()).length === 1);
    assert.match((await told())[0]?.text ?? '', /violation 77 \(notes, by legacy\)\. It is not held against domain\./);
    assert.equal((await controller.status()).wanted, 50);
  });
});
