import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fixedAt, startSystem } from '../support/system/system.ts';

const system = await startSystem({ env: fixedAt(100) });
const { service } = system;
after(() => system[Symbol.asyncDispose]());

/** The label names of each metric, from its first series. */
async function labelsByMetric(): Promise<Map<string, string[]>> {
  const { text } = await service.admin('/metrics');
  const found = new Map<string, string[]>();
  for (const [, name, labels] of text.matchAll(/^(\w+?)(?:_bucket|_sum|_count)?\{([^}]*)\}/gm)) {
    const names = Array.from((labels as string).matchAll(/(\w+)=/g), ([, label]) => label as string);
    found.set(name as string, found.get(name as string) ?? names.filter((label) => label !== 'le'));
  }
  return found;
}

test('exposes each documented metric with its labels', async () => {
  await service.update(1, 'status=confirmed');
  const labels = await labelsByMetric();
  const documented = {
    sluice_path_duration_seconds: ['rollout', 'path'],
    sluice_path_requests_total: ['rollout', 'path', 'outcome'],
    sluice_fallbacks_total: ['rollout', 'reason'],
    sluice_decisions_total: ['rollout', 'path', 'decision'],
    sluice_flag_percent: ['rollout'],
    sluice_flag_evaluations_total: ['rollout', 'reason', 'error_code'],
    sluice_breaker_open: ['rollout'],
    http_request_duration_seconds: ['method', 'route', 'code'],
  };
  for (const [name, names] of Object.entries(documented)) {
    assert.deepEqual(labels.get(name), names, name);
  }
  assert.ok((await service.admin('/metrics')).text.includes('process_cpu_seconds_total'), 'process metrics are on');
});

test('has bounds at 100 ms and 200 ms, so that the limits on mean and P95 are counted', async () => {
  const { text } = await service.admin('/metrics');
  for (const name of ['sluice_path_duration_seconds', 'http_request_duration_seconds']) {
    for (const bound of ['0.1', '0.2']) {
      assert.ok(text.includes(`${name}_bucket{le="${bound}"`), `${name} ${bound}`);
    }
  }
});

test('counts from 0: a series is there before its first event', async () => {
  await using fresh = await system.startReplica(fixedAt(0));
  const { text } = await fresh.admin('/metrics');
  for (const series of [
    'sluice_path_requests_total{rollout="violation-status",path="domain",outcome="error"} 0',
    'sluice_fallbacks_total{rollout="violation-status",reason="timeout"} 0',
    'sluice_path_duration_seconds_count{rollout="violation-status",path="domain"} 0',
    'sluice_decisions_total{rollout="violation-status",path="legacy",decision="breaker"} 0',
  ]) {
    assert.ok(text.includes(series), series);
  }
});

test('names routes by their pattern, so that ids and unknown addresses make no series of their own', async () => {
  await service.update(2, 'status=confirmed');
  await service.update(3, 'status=nonsense');
  await service.read(4);
  await service.get('/anything/else');
  const { text } = await service.admin('/metrics');
  const routes = new Set(
    Array.from(text.matchAll(/http_request_duration_seconds_count\{.*?route="([^"]*)"/g), ([, route]) => route),
  );
  assert.deepEqual(
    routes,
    new Set([
      '/api/v1/records/violations/:violation_id/status',
      '/api/v1/records/violations/:violation_id',
      'unmatched',
    ]),
  );
});
