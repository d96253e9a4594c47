import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Series } from './prometheus-answer.ts';
import { readReplicas } from './prometheus-replicas.ts';

const ROLLOUT = 'violation-status';
const NOW_S = 1_000;
const A = { job: 'sluice', instance: '10.0.0.1:8081' };
const B = { job: 'sluice', instance: '10.0.0.2:8081' };

type Samples = Record<number, number | string>;
const series = (name: string, labels: Record<string, string>, samples: Samples): Series => ({
  metric: { __name__: name, ...labels },
  values: Object.entries(samples).map(([at, value]) => [Number(at), String(value)]),
});
const percent = (target: object, samples: Samples) =>
  series('sluice_flag_percent', { ...target, rollout: ROLLOUT }, samples);
const start = (target: object, samples: Samples) => series('process_start_time_seconds', { ...target }, samples);
const up = (target: object, value: number) => series('up', { ...target }, { [NOW_S]: value });
const read = (ours: Series[], starts: Series[] = [], alive: Series[] = []) =>
  readReplicas({ rollout: ROLLOUT, ours, starts, up: alive, maxAgeMs: 15_000, nowMs: NOW_S * 1_000 });
const replicasOf = (reading: ReturnType<typeof read>) => (reading.kind === 'read' ? reading.replicas : []);

test('takes the last sample, with its own time', () => {
  const [replica] = replicasOf(read([percent(A, { 985: 5, 990: 10, 995: 25 })]));
  assert.deepEqual([replica?.servedPercent, replica?.atMs, replica?.replica], [25, 995_000, A.instance]);
});

test('takes all series of a replica from one scrape: the counts of one and the start of another look like a restart', () => {
  const [replica] = replicasOf(read([percent(A, { 990: 10, 995: 25 })], [start(A, { 985: 100, 990: 100 })]));
  assert.deepEqual([replica?.servedPercent, replica?.startedAtMs, replica?.atMs], [10, 100_000, 990_000]);
});

test('does not take a sample from before the last scrape for what is missing in it', () => {
  const open = series('sluice_breaker_open', { ...A, rollout: ROLLOUT }, { 990: 0 });
  const [replica] = replicasOf(read([percent(A, { 990: 10, 995: 25 }), open], [start(A, { 990: 1, 995: 1 })]));
  assert.deepEqual([replica?.servedPercent, replica?.breakerOpen], [25, undefined]);
});

test('a replica that was not scraped for too long is missing, and the others are read', () => {
  const reading = read([percent(A, { 980: 5 }), percent(B, { 999: 5 })]);
  assert.ok(reading.kind === 'read');
  assert.deepEqual(reading.missing, [{ replica: A.instance, why: 'stale', detail: 'last scraped 20 s ago' }]);
  assert.deepEqual(
    replicasOf(reading).map(({ replica }) => replica),
    [B.instance],
  );
});

test('a replica whose counts and process start were never scraped together is missing', () => {
  const reading = read([percent(A, { 990: 5 })], [start(A, { 991: 5 })]);
  assert.ok(reading.kind === 'failed' && reading.why === 'stale');
  assert.match(reading.detail, /no scrape with both/);
});

test('a replica that Prometheus cannot scrape is missing, however new its last sample is', () => {
  const reading = read([percent(A, { 999: 5 }), percent(B, { 999: 5 })], [], [up(A, 0), up(B, 1)]);
  assert.ok(reading.kind === 'read');
  assert.deepEqual(reading.missing, [
    { replica: A.instance, why: 'unreachable', detail: 'Prometheus cannot scrape it' },
  ]);
});

test('a replica whose series have ended is no replica any more, and nobody waits for it', () => {
  const reading = read([percent(A, { 999: 5 }), percent(B, { 999: 5 })], [], [up(B, 1)]);
  assert.ok(reading.kind === 'read' && reading.missing.length === 0);
  assert.deepEqual(
    replicasOf(reading).map(({ replica }) => replica),
    [B.instance],
  );
});

test('where the series of all replicas have ended, nothing was read', () => {
  const reading = read([percent(A, { 999: 5 })], [], [up(B, 1)]);
  assert.deepEqual(reading, {
    kind: 'failed',
    why: 'stale',
    detail: 'all series of rollout violation-status have ended',
  });
});

test('a process that two jobs scrape is counted once, as last scraped', () => {
  const again = { ...A, job: 'pods', pod: 'sluice-1' };
  const ours = [percent(A, { 996: 5 }), percent(again, { 998: 10 })];
  const replicas = replicasOf(read(ours, [start(A, { 996: 100 }), start(again, { 998: 100 })]));
  assert.deepEqual(
    replicas.map(({ replica, servedPercent }) => [replica, servedPercent]),
    [[A.instance, 10]],
  );
});

test('two processes of one instance are two replicas', () => {
  const [here, there] = [
    { ...A, cluster: 'a' },
    { ...A, cluster: 'b' },
  ];
  const ours = [percent(here, { 998: 5 }), percent(there, { 998: 10 })];
  const replicas = replicasOf(read(ours, [start(here, { 998: 100 }), start(there, { 998: 101 })]));
  assert.deepEqual(
    replicas.map(({ servedPercent }) => servedPercent),
    [5, 10],
  );
  assert.equal(new Set(replicas.map(({ replica }) => replica)).size, 2);
});

test('a successor at the same address is not made missing by its predecessor', () => {
  const [before, after] = [
    { ...A, pod: 'sluice-1' },
    { ...A, pod: 'sluice-2' },
  ];
  const reading = read([percent(before, { 975: 5 }), percent(after, { 999: 10 })]);
  assert.ok(reading.kind === 'read' && reading.missing.length === 0);
  assert.equal(replicasOf(reading)[0]?.servedPercent, 10);
});

test('NaN is no number', () => {
  const reading = read([percent(A, { 999: 'NaN' })]);
  assert.ok(reading.kind === 'failed' && reading.why === 'malformed');
});
