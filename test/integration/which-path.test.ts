import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { bucketHundredths } from '../../src/routing/bucket.ts';
import type { Replica } from '../support/system/replica.ts';
import { fixedAt, startSystem } from '../support/system/system.ts';

const system = await startSystem({ replicas: 0 });
const { flags, startReplica } = system;
after(() => system[Symbol.asyncDispose]());

/** Whatever was in the file before. */
const setOnly = (percent: number) =>
  flags.write({ state: 'ENABLED', variants: { now: percent }, defaultVariant: 'now' });

async function decisionOf(service: Replica, id: number | string, query = ''): Promise<[unknown, unknown]> {
  const { status, headers } = await service.update(id, `status=confirmed${query}`);
  assert.equal(status, 200);
  return [headers['rollout-path'], headers['rollout-decision']];
}

const inBucketBelow = (percent: number) => idWhere((bucket) => bucket < percent * 100);
const inBucketFrom = (percent: number) => idWhere((bucket) => bucket >= percent * 100);
function idWhere(matches: (bucket: number) => boolean): number {
  let id = 1;
  while (!matches(bucketHundredths('violation-status', String(id)))) {
    id += 1;
  }
  return id;
}

describe('the flag', () => {
  test('at 25 % decides by the record: its bucket, the same every time and on every replica', async () => {
    await setOnly(25);
    await using one = await startReplica();
    await using other = await startReplica();
    for (let id = 1; id <= 100; id += 1) {
      const expected = bucketHundredths('violation-status', String(id)) < 2_500 ? 'domain' : 'legacy';
      assert.deepEqual(await decisionOf(one, id), [expected, 'rollout']);
      assert.deepEqual(await decisionOf(other, id), [expected, 'rollout']);
    }
    assert.equal(await one.metric('sluice_flag_evaluations_total', { reason: 'STATIC', error_code: '' }), 100);
    assert.equal(await one.metric('sluice_flag_percent'), 25);
  });

  test('may always give a team 100, by a targeting rule on handled_by', async () => {
    await flags.write({
      state: 'ENABLED',
      variants: { off: 0, p100: 100 },
      defaultVariant: 'off',
      targeting: { if: [{ '==': [{ var: 'handled_by' }, 'pilots'] }, 'p100', 'off'] },
    });
    await using service = await startReplica();
    assert.deepEqual(await decisionOf(service, 1, '&handled_by=pilots'), ['domain', 'rollout']);
    assert.deepEqual(await decisionOf(service, 1, '&handled_by=others'), ['legacy', 'rollout']);
    assert.deepEqual(await decisionOf(service, 1), ['legacy', 'rollout']);
    assert.equal(await service.metric('sluice_flag_percent'), 0);
    assert.equal(await service.metric('sluice_flag_evaluations_total', { reason: 'TARGETING_MATCH' }), 3);
  });
});

describe('the switches', () => {
  before(() => setOnly(100));

  test('USE_DOMAIN_SERVICE=false is legacy, also for force_domain=true', async () => {
    await using service = await startReplica({ USE_DOMAIN_SERVICE: 'false' });
    assert.deepEqual(await decisionOf(service, 1), ['legacy', 'disabled']);
    assert.deepEqual(await decisionOf(service, 1, '&force_domain=true'), ['legacy', 'disabled']);
    assert.equal(await service.metric('sluice_flag_percent'), 0);
  });

  test('ROLLOUT_PERCENT=0 is an emergency rollback, even while flagd says 100', async () => {
    await using service = await startReplica({ ROLLOUT_PERCENT: '0' });
    assert.deepEqual(await decisionOf(service, 1), ['legacy', 'capped']);
    assert.equal(await service.metric('sluice_flag_percent'), 0);
    assert.equal(await service.metric('sluice_decisions_total', { path: 'legacy', decision: 'capped' }), 1);
  });

  test('ROLLOUT_PERCENT is a ceiling: below it the flag decides', async () => {
    await using service = await startReplica({ ROLLOUT_PERCENT: '10' });
    assert.deepEqual(await decisionOf(service, inBucketBelow(10)), ['domain', 'rollout']);
    assert.deepEqual(await decisionOf(service, inBucketFrom(10)), ['legacy', 'capped']);
    assert.equal(await service.metric('sluice_flag_percent'), 10);
  });

  test('force_domain sends a request where it asks, and counts it as forced', async () => {
    await using service = await startReplica();
    assert.deepEqual(await decisionOf(service, 1, '&force_domain=false'), ['legacy', 'forced']);
    assert.deepEqual(await decisionOf(service, 1, '&force_domain=true'), ['domain', 'forced']);
    assert.equal(await service.metric('sluice_decisions_total', { path: 'domain', decision: 'forced' }), 1);
  });

  test('with FLAG_PROVIDER=env there is no flagd, and ROLLOUT_PERCENT is the percent', async () => {
    for (const percent of [0, 25, 100]) {
      await using service = await startReplica(fixedAt(percent));
      for (let id = 1; id <= 20; id += 1) {
        const expected = bucketHundredths('violation-status', String(id)) < percent * 100 ? 'domain' : 'legacy';
        assert.deepEqual(await decisionOf(service, id), [expected, 'rollout']);
      }
      assert.equal(await service.metric('sluice_flag_percent'), percent);
    }
  });

  test('with FLAG_PROVIDER=env and no ROLLOUT_PERCENT everything is legacy', async () => {
    await using service = await startReplica({ FLAG_PROVIDER: 'env' });
    assert.deepEqual(await decisionOf(service, 1), ['legacy', 'rollout']);
  });
});

describe('a flag that is no percent means 0, and is counted with its reason', () => {
  const cases: [string, unknown, string, string][] = [
    ['-1', -1, 'ERROR', 'INVALID_PERCENT'],
    ['101', 101, 'ERROR', 'INVALID_PERCENT'],
    ['7.5', 7.5, 'ERROR', 'INVALID_PERCENT'],
    ['"50"', '50', 'ERROR', 'TYPE_MISMATCH'],
    ['true', true, 'ERROR', 'TYPE_MISMATCH'],
  ];
  for (const [name, value, reason, code] of cases) {
    test(name, async () => {
      await flags.write({ state: 'ENABLED', variants: { on: value }, defaultVariant: 'on' });
      await using service = await startReplica();
      assert.deepEqual(await decisionOf(service, 1), ['legacy', 'rollout']);
      assert.equal(await service.metric('sluice_flag_evaluations_total', { reason, error_code: code }), 1);
      assert.equal(await service.metric('sluice_flag_percent'), 0);
    });
  }

  test('DISABLED', async () => {
    await flags.write({ state: 'DISABLED', variants: { p100: 100 }, defaultVariant: 'p100' });
    await using service = await startReplica();
    assert.deepEqual(await decisionOf(service, 1), ['legacy', 'rollout']);
    assert.equal(await service.metric('sluice_flag_evaluations_total', { reason: 'DISABLED' }), 1);
  });

  test('missing', async () => {
    await flags.write(undefined);
    await using service = await startReplica();
    assert.deepEqual(await decisionOf(service, 1), ['legacy', 'rollout']);
    assert.equal(await service.metric('sluice_flag_evaluations_total', { error_code: 'FLAG_NOT_FOUND' }), 1);
  });
});

test('invalid JSON in the flags file changes nothing', async () => {
  await setOnly(100);
  await using service = await startReplica();
  await flags.writeText('{ "flags": ');
  await flags.untilRefused();
  assert.deepEqual(await decisionOf(service, 1), ['domain', 'rollout']);
});

describe('the flag server', () => {
  test('away at start: everything is legacy and ready; once it is there, its percent is served', async () => {
    await setOnly(100);
    await flags.stop();
    await using service = await startReplica();
    assert.deepEqual(await decisionOf(service, 1), ['legacy', 'rollout']);
    assert.equal(await service.metric('sluice_flag_evaluations_total', { error_code: 'PROVIDER_NOT_READY' }), 1);
    assert.equal((await service.admin('/readyz')).status, 200);
    await flags.restart();
    await until('its percent is served', async () => (await service.metric('sluice_flag_percent')) === 100, 2_000);
    assert.deepEqual(await decisionOf(service, 1), ['domain', 'rollout']);
  });

  test('killed and restarted under load: no request fails, the last percent stays, and a new one is served at once', async () => {
    await setOnly(100);
    await using service = await startReplica();
    let running = true;
    const paths: unknown[] = [];
    const clients = Array.from({ length: 5 }, async (_, client) => {
      while (running) {
        paths.push((await decisionOf(service, client + 1))[0]);
      }
    });
    const answeredBy = (path: string, atLeast: number) => {
      const from = paths.length;
      return until(
        `${atLeast} answers by ${path}`,
        () => paths.slice(from).filter((by) => by === path).length >= atLeast,
      );
    };
    await answeredBy('domain', 20);
    await flags.stop();
    await answeredBy('domain', 50);
    assert.deepEqual(new Set(paths), new Set(['domain']));
    await setOnly(0);
    await flags.restart();
    await until('0 % is served', async () => (await service.metric('sluice_flag_percent')) === 0, 2_000);
    await answeredBy('legacy', 20);
    running = false;
    await Promise.all(clients);
  });
});
