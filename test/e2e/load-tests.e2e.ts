import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Climb } from '../../load-tests/lib/climb.ts';
import type { Field } from '../../load-tests/lib/compare.ts';
import type { Growth } from '../../load-tests/lib/levels.ts';
import type { Part } from '../../load-tests/lib/parts.ts';
import type { Withdrawal } from '../../load-tests/lib/withdrawal.ts';
import { until } from '../../src/dev/until.ts';
import { type Controller, TOKEN } from '../support/system/controller.ts';
import { gather, type Replicas } from '../support/system/replica.ts';
import { type SystemOfProcesses, startSystemOfProcesses } from '../support/system/system.ts';
import { addressIn, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { runScript, SCRIPT_STOPPED, type ScriptEnd, startScript, THRESHOLDS_CROSSED } from './support/k6.ts';
import { planOf } from './support/plans.ts';
import { assertNoClientError, assertOff } from './support/steps.ts';
import { findTestTools } from './support/tools.ts';

/** Each script of load-tests/ says what is so, and fails where its limit is broken. */
const tools = await findTestTools();
const LONGEST_SECONDS = 60;
const VIOLATIONS_PER_CLIENT = 20;
const AT_ZERO = { FLAG_PROVIDER: 'env', ROLLOUT_PERCENT: '0' };

describe('the load tests', { skip: tools.skipWithout('k6') }, () => {
  let system: SystemOfProcesses;
  before(async () => {
    system = await startSystemOfProcesses();
    await system.flags.set(50);
    await system.replicas.untilServed(50);
  });
  after(() => system[Symbol.asyncDispose]());

  const runOn = <Findings>(replicas: Replicas, script: string, env: Record<string, string>) =>
    runScript<Findings>({
      program: tools.require('k6'),
      directory: system.directory,
      script,
      seconds: LONGEST_SECONDS,
      env: {
        BASE_URLS: replicas.baseUrls.join(','),
        ADMIN_URLS: replicas.adminAddresses.map((address) => `http://${address}`).join(','),
        ...env,
      },
    });
  const run = <Findings>(script: string, env: Record<string, string>) => runOn<Findings>(system.replicas, script, env);

  test('smoke gets each documented answer from each replica', async () => {
    const end = await run('smoke', { DURATION: '2s' });
    const summary = assertPassed(end);
    assert.ok(summary.paths.domain.requests + summary.paths.legacy.requests >= 8, 'every status on both replicas');
  });

  test('steady keeps its limits on both paths', async () => {
    const summary = assertPassed(await run('steady', { RATE: '40', DURATION: '4s' }));
    assert.ok(summary.requests >= 160, `${summary.requests} requests`);
    assert.ok(summary.paths.domain.requests > 0 && summary.paths.legacy.requests > 0, 'both paths');
    assert.equal(summary.decisions.rollout, summary.requests);
  });

  test('spike sends ten times as much at once, and calm load afterwards', async () => {
    const { parts } = assertPassed(await run<{ parts: Part[] }>('spike', { RATE: '10', DURATION: '6s' }));
    const [calm, high, calmAgain] = parts.map(({ latency }) => latency.requests) as [number, number, number];
    assert.ok(high > calm * 5 && high > calmAgain * 5, `${calm}, ${high}, ${calmAgain} requests`);
    assert.ok(calmAgain > 10, `${calmAgain} requests`);
  });

  test('soak says how much slower the end was than the beginning', async () => {
    const { parts, drift } = assertPassed(
      await run<{ parts: Part[]; drift: number }>('soak', { RATE: '40', DURATION: '5s' }),
    );
    const p95s = parts.map(({ latency }) => latency.p95Ms);
    assert.equal(p95s.length, 5);
    assert.equal(drift, (p95s[4] as number) / (p95s[0] as number));
  });

  test('concurrency holds 10 at once, and says how far it got', async () => {
    const end = await run<Growth>('concurrency', { DURATION: '2s', MOST_AT_ONCE: '20' });
    const { levels, bend } = assertPassed(end);
    assert.equal(levels[0]?.concurrent, 10);
    assert.match(end.output, bend === null ? /holds 20 at once/ : /bends at 20 at once/);
  });

  test('consistency reads back exactly what it wrote, on both paths', async () => {
    const end = await run<{ compared: number }>('consistency', { CLIENTS: '5', TURNS: '60' });
    const { compared, paths } = assertPassed(end);
    assert.equal(compared, 300);
    assert.ok(paths.domain.requests > 0 && paths.legacy.requests > 0, 'both paths');
  });

  test('consistency fails when somebody else writes one of its violations once', async () => {
    const versionOf = async () => {
      const query = 'SELECT version FROM violations WHERE id = $1';
      return (await system.database.query<{ version: number }>(query, [VIOLATIONS_PER_CLIENT]))[0]?.version ?? 0;
    };
    const before = await versionOf();
    await using script = await startScript<{ differences: Record<Field, number> }>({
      program: tools.require('k6'),
      directory: system.directory,
      script: 'consistency',
      seconds: LONGEST_SECONDS,
      env: { BASE_URLS: system.replicas.baseUrls.join(','), CLIENTS: '1', TURNS: '400' },
    });
    await until('it has written its last violation once', async () => (await versionOf()) > before);
    const [replica] = system.replicas.all;
    assert.equal((await replica?.update(VIOLATIONS_PER_CLIENT, 'status=pending'))?.status, 200);
    const end = await script.ended;
    assert.equal(end.code, THRESHOLDS_CROSSED, end.output);
    const { differences, failedThresholds } = end.summary();
    assert.equal(differences.version, 1);
    assert.ok(failedThresholds.includes('version_differences count==0'), failedThresholds.join());
    assert.match(end.output, new RegExp(`violation ${VIOLATIONS_PER_CLIENT}: version is \\d+, written \\d+`));
  });

  test('a slow legacy path fails smoke and steady, which name the path', async () => {
    await system.replicas.setFaults({ legacy: { delayMs: 250 } });
    try {
      for (const [script, env] of [
        ['smoke', { DURATION: '1s' }],
        ['steady', { RATE: '20', DURATION: '2s' }],
      ] as const) {
        const end = await run(script, env);
        assert.equal(end.code, THRESHOLDS_CROSSED, end.output);
        const { failedThresholds } = end.summary();
        assert.deepEqual(failedThresholds.toSorted(), ['legacy_duration avg<100', 'legacy_duration p(95)<200']);
      }
    } finally {
      await system.replicas.setFaults({});
    }
  });

  test('one client in many that gets an error fails steady', async () => {
    await system.replicas.setFaults({ legacy: { errorPercent: 10 } });
    try {
      const end = await run('steady', { RATE: '40', DURATION: '2s' });
      assert.equal(end.code, THRESHOLDS_CROSSED, end.output);
      const { failed, paths, failedThresholds } = end.summary();
      assert.deepEqual(failedThresholds, ['legacy_errors count==0']);
      assert.ok(failed > 0 && failed === paths.legacy.failed, `${failed} failed`);
      assert.match(end.output, /answered 503/);
    } finally {
      await system.replicas.setFaults({});
    }
  });

  test('what an overloaded replica refuses is allowed in a spike, counted apart, and fails steady', async () => {
    await using small = await system.startReplica({ MAX_IN_FLIGHT: '2' });
    const slower = { delayMs: 50 };
    await small.setFaults({ domain: slower, legacy: slower });
    const spiked = assertPassed(await runOn(gather(small), 'spike', { RATE: '8', DURATION: '6s' }), { overload: true });
    assert.ok(spiked.overloaded > 0 && spiked.failed === spiked.overloaded, `${spiked.overloaded} asked to come again`);
    const end = await runOn(gather(small), 'steady', { RATE: '80', DURATION: '1s' });
    assert.equal(end.code, THRESHOLDS_CROSSED, end.output);
    assert.ok(end.summary().failedThresholds.includes('overloaded count==0'), end.output);
  });

  test('concurrency stops growing where the service bends, and says where and why', async () => {
    await using small = await system.startReplica({ MAX_IN_FLIGHT: '12' });
    const end = await runOn<Growth>(gather(small), 'concurrency', { DURATION: '2s' });
    const { levels, bend } = assertPassed(end);
    assert.deepEqual(
      levels.map(({ concurrent }) => concurrent),
      [10, 20],
    );
    assert.equal(bend?.concurrent, 20);
    assert.match(end.output, /bends at 20 at once: \d+ of \d+ failed/);
  });

  test('breach fails where nobody lowers the flag, and takes the faults away all the same', async () => {
    const end = await run<Withdrawal>('breach', { FAULT: 'latency', CALM: '2s', WITHIN: '2s' });
    assert.equal(end.code, THRESHOLDS_CROSSED, end.output);
    const { servedOffMs, failedThresholds, domainRequestsBefore } = end.summary();
    assert.equal(servedOffMs, null);
    assert.ok(domainRequestsBefore > 0);
    assert.ok(failedThresholds.includes('served_off max>0'), failedThresholds.join());
    const [replica] = system.replicas.all;
    const sentAtMs = performance.now();
    const answer = await replica?.update(1, 'status=pending&force_domain=true');
    assert.equal(answer?.headers['rollout-path'], 'domain');
    assert.ok(performance.now() - sentAtMs < 400, 'the domain path is fast again');
  });

  test('breach sends nothing where faults cannot be injected, or domain gets nothing', async () => {
    await using denied = await system.startReplica({ FAULT_INJECTION: 'deny' });
    await using idle = await system.startReplica(AT_ZERO);
    const [whereDenied, whereIdle] = [
      await runOn(gather(denied), 'breach', {}),
      await runOn(gather(idle), 'breach', {}),
    ];
    assert.deepEqual([whereDenied.code, whereIdle.code], [SCRIPT_STOPPED, SCRIPT_STOPPED], whereDenied.output);
    assert.match(whereDenied.output, /has no fault switch: the service needs FAULT_INJECTION=allow/);
    assert.match(whereIdle.output, /serves 0 %, so there is no domain path to break/);
  });

  test('stages sends nothing without a controller and its token, and says what is missing', async () => {
    const withoutUrl = await run('stages', {});
    const withoutToken = await run('stages', { CONTROLLER_URL: 'http://127.0.0.1:9' });
    const withoutController = await run('stages', { CONTROLLER_URL: 'http://127.0.0.1:9', SLUICE_TOKEN: TOKEN });
    assert.match(withoutUrl.output, /CONTROLLER_URL is missing/);
    assert.match(withoutToken.output, /SLUICE_TOKEN is missing/);
    assert.match(withoutController.output, /http:\/\/127\.0\.0\.1:9 does not answer/);
    const codes = [withoutUrl, withoutToken, withoutController].map(({ code }) => code);
    assert.deepEqual(codes, [SCRIPT_STOPPED, SCRIPT_STOPPED, SCRIPT_STOPPED]);
  });

  for (const script of ['smoke', 'steady', 'stages', 'breach', 'spike', 'soak', 'concurrency', 'consistency']) {
    test(`${script} sends nothing to another machine unless that is allowed`, async () => {
      // A name of nobody's (RFC 2606).
      const end = await run(script, { BASE_URLS: 'http://sluice.invalid:8080' });
      assert.equal(end.code, SCRIPT_STOPPED, end.output);
      assert.match(end.output, /BASE_URLS has http:\/\/sluice\.invalid:8080, which is not on loopback/);
    });
  }

  describe('with a controller', () => {
    const stagesEnv = ({ url }: Pick<Controller, 'url'>, more: Record<string, string>) => ({
      CONTROLLER_URL: url,
      SLUICE_TOKEN: TOKEN,
      DURATION: '50s',
      ...more,
    });

    test('stages climbs to 100 % behind a Service of two controllers, with the share that each stage says', async () => {
      await using climbing = await startSystemOfProcesses();
      const stage = (percent: number) => ({ percent, observe: '4s' });
      const plan = planOf(stage(10), stage(50), stage(100));
      const controller = await climbing.startController({ plan });
      await controller.untilReady();
      const standby = await climbing.startController({ plan, name: 'standby' });
      await using service = await startBalancer([standby.address, controller.address]);
      const env = stagesEnv({ url: `http://${service.address}` }, { RATE: '100', STAGES: '10,50,100' });
      const end = await runOn<Climb>(climbing.replicas, 'stages', env);
      const { completed, stages, wentBack } = assertPassed(end);
      assert.deepEqual([completed, wentBack], [true, 0]);
      assert.deepEqual(
        stages.map(({ percent }) => percent),
        [10, 50, 100],
      );
      for (const { percent, records, domainRecords, isWithin } of stages) {
        assert.ok(isWithin && domainRecords > 0 && records > 60, `${percent} %: ${domainRecords} of ${records}`);
      }
      assert.equal(stages[2]?.domainPercent, 100);
      assert.equal((await controller.status()).state.phase, 'complete');
    });

    test('breach measures how soon a slow path and a failing one are left, and no client notices', async () => {
      await using breaking = await startSystemOfProcesses();
      const controller = await breaking.startController({ plan: planOf({ percent: 25, observe: '10m' }) });
      await controller.untilReady();
      for (const FAULT of ['latency', 'errors']) {
        await controller.command('start');
        await controller.untilConfirmed(25);
        const end = await runOn<Withdrawal>(breaking.replicas, 'breach', {
          FAULT,
          CALM: '4s',
          WITHIN: '5s',
          RATE: '80',
        });
        const { domainRequestsBefore, domainRequestsAfter, lastDomainMs, servedOffMs } = assertPassed(end);
        assert.ok(
          domainRequestsBefore > 0 && domainRequestsAfter > 0,
          `${domainRequestsBefore}, ${domainRequestsAfter}`,
        );
        assert.ok(lastDomainMs > 0 && lastDomainMs < 4_000, `${lastDomainMs} ms`);
        assert.ok(servedOffMs !== null && servedOffMs < 4_000, `${servedOffMs} ms`);
        await controller.until('rolled-back', 0);
        await assertOff(breaking);
      }
    });

    test('stages fails where a replica that the controller does not know of serves another percent', async () => {
      await using known = await startSystemOfProcesses();
      await using unknown = await known.startReplica(AT_ZERO);
      const plan = planOf({ percent: 100, observe: '1s' });
      const controller = await known.startController({ plan });
      await controller.untilReady();
      const baseUrls = [...known.replicas.baseUrls, unknown.baseUrl].join(',');
      const env = stagesEnv(controller, { BASE_URLS: baseUrls, STAGES: '100' });
      const end = await runOn<Climb>(known.replicas, 'stages', env);
      assert.equal(end.code, THRESHOLDS_CROSSED, end.output);
      const { stages, failedThresholds } = end.summary();
      assert.equal(stages[0]?.isWithin, false);
      assert.ok(failedThresholds.includes('stage_100_off_share count==0'), failedThresholds.join());
    });
  });
});

/** All limits kept, said to people and in the summary. */
function assertPassed<Findings>(end: ScriptEnd<Findings>, { overload = false } = {}) {
  assert.equal(end.code, 0, end.output);
  assert.match(end.output, /all limits kept/);
  const summary = end.summary();
  assert.deepEqual([summary.failedThresholds, summary.failedChecks], [[], []]);
  if (!overload) {
    assertNoClientError(summary);
  }
  return summary;
}

/** Each connection goes to the next address, as behind a Service in a cluster. */
function startBalancer(addresses: readonly string[]): Promise<TcpProxy> {
  let connections = 0;
  return startTcpProxy(() => {
    const address = addresses[connections % addresses.length] as string;
    connections += 1;
    return addressIn(`tcp://${address}`);
  });
}
