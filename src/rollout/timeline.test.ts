import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathCounters, reading, replicaReading } from '../../test/support/reading-fixture.ts';
import { attempts } from './counters.ts';
import type { ReplicaReading } from './reading.ts';
import { createTimeline, type Measurement, measure } from './timeline.ts';

const START_MS = Date.UTC(2026, 0, 1);
const byName = (replicas: readonly ReplicaReading[]) => new Map(replicas.map((each) => [each.replica, each]));
const domain = (ok: number) => ({ domain: pathCounters({ ok }), legacy: pathCounters({ ok }) });

/** A look each half second, of one replica that answers two domain requests in it. */
function measured(looks: number, percentAt: (look: number) => number = () => 25): Measurement[] {
  return Array.from({ length: looks }, (_, look) => {
    const before = replicaReading({ ...domain(look * 2), fallbacks: look, cpuSeconds: look / 10 });
    const now = replicaReading({ ...domain(look * 2 + 2), fallbacks: look + 1, cpuSeconds: (look + 1) / 10 });
    const times = { nowMs: START_MS + (look + 1) * 500, percent: percentAt(look) };
    return measure(byName([before]), reading([now]), START_MS + look * 500, times) as Measurement;
  });
}

const filled = (measurements: readonly Measurement[]) => {
  const timeline = createTimeline();
  for (const measurement of measurements) {
    timeline.add(measurement);
  }
  return timeline;
};
const requests = (points: readonly Measurement[]) => points.reduce((sum, point) => sum + attempts(point.domain), 0);

describe('a measurement', () => {
  test('is what all replicas counted between two looks', () => {
    const before = [replicaReading({ replica: 'a', ...domain(10) }), replicaReading({ replica: 'b', ...domain(20) })];
    const now = [replicaReading({ replica: 'a', ...domain(11) }), replicaReading({ replica: 'b', ...domain(23) })];
    const one = measure(byName(before), reading(now), 1_000, { nowMs: 2_000, percent: 10 });
    assert.deepEqual([attempts(one?.domain as never), one?.replicas, one?.percent], [4, 2, 10]);
  });

  test('is none where a look failed, and none of the first look: nobody knows when its counts were made', () => {
    const now = reading([replicaReading(domain(10))]);
    assert.equal(measure(new Map(), now, undefined, { nowMs: 2_000, percent: 10 }), undefined);
    const failed = { kind: 'failed', why: 'timeout', detail: '' } as const;
    assert.equal(measure(new Map(), failed, 1_000, { nowMs: 2_000, percent: 10 }), undefined);
  });

  test('says nothing of CPU and memory where no replica reported them', () => {
    const now = reading([replicaReading(domain(10))]);
    const one = measure(new Map(), now, 1_000, { nowMs: 2_000, percent: 10 });
    assert.deepEqual([one?.cpuSeconds, one?.residentBytes], [undefined, undefined]);
  });
});

describe('the timeline', () => {
  test('loses and doubles no request, however coarse the old ones become', () => {
    const looks = 2 * 3_600 * 8;
    const timeline = filled(measured(looks));
    const points = timeline.since(0);
    assert.equal(requests(points), looks * 2);
    assert.ok(points.length < 1_500, `${points.length} points`);
    assert.deepEqual(
      points.map(({ fromMs }) => fromMs),
      points.map(({ fromMs }) => fromMs).toSorted((a, b) => a - b),
    );
  });

  test('keeps the newest ten minutes two seconds fine', () => {
    const points = filled(measured(2 * 3_600)).since(START_MS + 55 * 60_000);
    assert.ok(points.every(({ fromMs, untilMs }) => untilMs - fromMs === 2_000));
    assert.equal(points.length, 150);
  });

  test('never mixes what was served at two percents', () => {
    const timeline = filled(measured(200, (look) => (look < 101 ? 5 : 10)));
    assert.equal(attempts((timeline.total(START_MS, 5) as Measurement).domain), 202);
    assert.equal(attempts((timeline.total(START_MS, 10) as Measurement).domain), 198);
    assert.equal(timeline.total(START_MS, 50), undefined);
  });

  test('leaves a gap where nobody measured', () => {
    const all = measured(40);
    const points = filled([...all.slice(0, 8), ...all.slice(24)]).since(0);
    const gaps = points.filter(({ fromMs }, at) => at > 0 && fromMs > (points[at - 1] as Measurement).untilMs);
    assert.equal(gaps.length, 1);
  });
});
