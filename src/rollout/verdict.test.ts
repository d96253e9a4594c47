import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathCounters, reading, replicaReading } from '../../test/support/reading-fixture.ts';
import { addReading, beginEvidence, type Evidence } from './evidence.ts';
import { parsePlan } from './plan.ts';
import type { ReplicaReading, SourceReading } from './reading.ts';
import { judge } from './verdict.ts';

const SECOND = 1_000;
const BEGAN_MS = 100 * SECOND;
const plan = parsePlan(`
rollout: violation-status
flag: some-flag
stages: [{ percent: 25, observe: 5m }]
guards:
  - { name: p95,    measure: latency-p95,  limit: 200ms, window: 10s, onBreach: off }
  - { name: mean,   measure: latency-mean, limit: 100ms, window: 10s, onBreach: previous }
  - { name: errors, measure: error-rate,   limit: 1%,    window: 10s, onBreach: off }
  - { name: ratio,  measure: latency-p95,  comparedTo: legacy, limit: 1.5x, window: 10s, onBreach: hold }
  - { name: checks, measure: mismatches,   limit: 0,     onBreach: off }
minSamples: 50
`);

type Counted = Parameters<typeof pathCounters>[0];

/** One look each second, each with what had been counted by then. */
function watch(...looks: readonly SourceReading[]): { evidence: Evidence; nowMs: number } {
  let evidence = beginEvidence(plan, BEGAN_MS, 1);
  let nowMs = BEGAN_MS;
  for (const look of looks) {
    nowMs += SECOND;
    evidence = addReading(plan, evidence, sampledAt(nowMs, look), nowMs);
  }
  return { evidence, nowMs };
}

const sampledAt = (atMs: number, look: SourceReading): SourceReading =>
  look.kind === 'read' ? { ...look, replicas: look.replicas.map((each) => ({ ...each, atMs })) } : look;

const look = (domain: Counted, more: Parameters<typeof replicaReading>[0] = {}) =>
  reading([replicaReading({ domain: pathCounters(domain), ...more })]);

const verdictOf = (guard: string, { evidence, nowMs }: ReturnType<typeof watch>) => {
  const verdict = judge(plan, 'scrape', evidence, nowMs).find((each) => each.guard === guard);
  assert.ok(verdict, guard);
  return verdict;
};

const kindsOf = ({ evidence, nowMs }: ReturnType<typeof watch>) =>
  Object.fromEntries(judge(plan, 'scrape', evidence, nowMs).map(({ guard, kind }) => [guard, kind]));

const NOTHING = look({});
const FAILED: SourceReading = { kind: 'failed', why: 'timeout', detail: 'no answer in 800 ms' };
const healthyLegacy = { legacy: pathCounters({ ok: 300 }) };

describe('a guard', () => {
  test('has no data before its source was read, and says so of all guards', () => {
    const begun = { evidence: beginEvidence(plan, BEGAN_MS, 1), nowMs: BEGAN_MS };
    assert.deepEqual(new Set(Object.values(kindsOf(begun))), new Set(['source-error']));
  });

  test('is healthy with enough good samples in its window', () => {
    const { ratio, checks, ...others } = kindsOf(watch(NOTHING, look({ ok: 100 }, healthyLegacy)));
    assert.deepEqual(others, {
      p95: 'healthy',
      mean: 'healthy',
      errors: 'healthy',
      breaker: 'healthy',
      restarts: 'healthy',
    });
    assert.equal(ratio, 'healthy');
    assert.equal(checks, 'no-data', 'nobody counts consistency checks');
  });

  test('takes too few samples for what they are', () => {
    const { p95, mean, errors } = kindsOf(watch(NOTHING, look({ ok: 49 })));
    assert.deepEqual([p95, mean, errors], ['too-few-samples', 'too-few-samples', 'too-few-samples']);
  });

  test('has no data when the traffic stopped a window ago, however good it was', () => {
    const silent = Array.from({ length: 11 }, () => look({ ok: 500 }));
    const { p95, mean, errors } = kindsOf(watch(NOTHING, ...silent));
    assert.deepEqual([p95, mean, errors], ['no-data', 'no-data', 'no-data']);
  });

  test('counts nothing from before the stage', () => {
    const { errors, p95 } = kindsOf(watch(look({ ok: 1_000, error: 1_000, slow: 1_000 })));
    assert.deepEqual([errors, p95], ['no-data', 'no-data']);
  });

  test('that is over its limit without proof is not healthy either', () => {
    const verdict = verdictOf('errors', watch(NOTHING, look({ ok: 98, error: 2 })));
    assert.deepEqual([verdict.kind, verdict.detail], ['too-few-samples', 'over the limit, not yet proven']);
  });

  test('of errors is breached by a few failures in a row, with fewer samples than health needs', () => {
    const verdict = verdictOf('errors', watch(NOTHING, look({ error: 5 })));
    assert.deepEqual([verdict.kind, verdict.samples, verdict.value], ['breached', 5, 1]);
  });

  test('of the P95 is breached by requests over its limit', () => {
    const verdict = verdictOf('p95', watch(NOTHING, look({ ok: 60, slow: 30 })));
    assert.deepEqual([verdict.kind, verdict.limitText], ['breached', '200ms']);
  });

  test('of the mean is a plain limit, which needs its samples', () => {
    assert.equal(verdictOf('mean', watch(NOTHING, look({ ok: 49, slow: 49 }))).kind, 'too-few-samples');
    const verdict = verdictOf('mean', watch(NOTHING, look({ ok: 50, slow: 50 })));
    assert.deepEqual([verdict.kind, verdict.value, verdict.onBreach], ['breached', 0.4, 'previous']);
  });

  test('of a ratio compares with legacy over the same window, and is not healthy with nothing to compare to', () => {
    const slowerThanLegacy = look({ ok: 60, slow: 60 }, healthyLegacy);
    assert.equal(verdictOf('ratio', watch(NOTHING, slowerThanLegacy)).kind, 'breached');
    assert.equal(verdictOf('ratio', watch(NOTHING, look({ ok: 60, slow: 60 }))).kind, 'too-few-samples');
  });

  test('of a ratio goes on with what legacy was when 100 % leaves it no requests', () => {
    const compared = watch(NOTHING, look({ ok: 60 }, healthyLegacy));
    let { evidence, nowMs } = { ...compared };
    nowMs += SECOND;
    evidence = beginEvidence(plan, nowMs, 1, evidence);
    nowMs += SECOND;
    evidence = addReading(plan, evidence, look({ ok: 160, slow: 100 }, healthyLegacy), nowMs);
    assert.equal(verdictOf('ratio', { evidence, nowMs }).kind, 'breached');
  });

  test('of consistency is breached by the first difference', () => {
    const counted = watch(look({}, { mismatches: 3 }), look({}, { mismatches: 3 }));
    assert.equal(verdictOf('checks', counted).kind, 'healthy');
    const differing = watch(look({}, { mismatches: 3 }), look({}, { mismatches: 4 }));
    assert.deepEqual([verdictOf('checks', differing).kind, verdictOf('checks', differing).value], ['breached', 1]);
  });

  test('whose limit is no bound of the histogram can vouch for nothing', () => {
    const odd = parsePlan(`
rollout: violation-status
flag: some-flag
stages: [{ percent: 25, observe: 5m }]
guards: [{ name: p95, measure: latency-p95, limit: 170ms, onBreach: off }]
`);
    const [first, second] = [BEGAN_MS + SECOND, BEGAN_MS + 2 * SECOND];
    const begun = addReading(odd, beginEvidence(odd, BEGAN_MS, 1), NOTHING, first);
    const [verdict] = judge(odd, 'scrape', addReading(odd, begun, look({ ok: 500 }), second), second);
    assert.equal(verdict?.kind, 'source-error');
    assert.match(verdict?.detail ?? '', /no bound at 170ms/);
  });
});

describe('a source that fails', () => {
  test('makes every guard noData, though all was well before', () => {
    const kinds = kindsOf(watch(NOTHING, look({ ok: 500 }, healthyLegacy), FAILED));
    assert.deepEqual(new Set(Object.values(kinds)), new Set(['source-error']));
  });

  test('does not take back a breach that was proven', () => {
    const { errors, p95 } = kindsOf(watch(NOTHING, look({ error: 20 }), FAILED));
    assert.deepEqual([errors, p95], ['breached', 'source-error']);
  });

  test('is noData as well when one replica of several is missing, and says which', () => {
    const partly = reading(
      [replicaReading({ domain: pathCounters({ ok: 500 }) })],
      [{ replica: 'b', why: 'unreachable', detail: 'ECONNREFUSED' }],
    );
    const verdict = verdictOf('errors', watch(NOTHING, partly));
    assert.deepEqual([verdict.kind, verdict.detail], ['source-error', 'b unreachable: ECONNREFUSED']);
  });

  test('still reports a breach that the replicas it reaches have', () => {
    const partly = reading(
      [replicaReading({ domain: pathCounters({ error: 20 }) })],
      [{ replica: 'b', why: 'timeout', detail: '' }],
    );
    assert.equal(verdictOf('errors', watch(NOTHING, partly)).kind, 'breached');
  });
});

describe('replicas that come and go', () => {
  const pair = (a: Counted, b: Counted | undefined) =>
    reading([
      replicaReading({ domain: pathCounters(a) }),
      ...(b === undefined ? [] : [replicaReading({ replica: 'b', domain: pathCounters(b) })]),
    ]);

  test('are summed', () => {
    assert.equal(verdictOf('errors', watch(pair({}, {}), pair({ ok: 60 }, { ok: 40 }))).samples, 100);
  });

  test('are counted on from where they were when they come back', () => {
    const seen = watch(
      pair({}, {}),
      pair({ ok: 60 }, { ok: 40 }),
      pair({ ok: 70 }, undefined),
      pair({ ok: 80 }, { ok: 55 }),
    );
    assert.equal(verdictOf('errors', seen).samples, 135);
  });

  test('add their errors from before the stage to nothing when they are seen first within it', () => {
    const seen = watch(pair({}, undefined), pair({ ok: 60 }, { error: 500 }), pair({ ok: 100 }, { error: 500 }));
    assert.deepEqual([verdictOf('errors', seen).kind, verdictOf('errors', seen).samples], ['healthy', 100]);
  });
});

describe('breakers', () => {
  const open = (...replicas: readonly (boolean | undefined)[]) =>
    reading(replicas.map((breakerOpen, at) => replicaReading({ replica: `r${at}`, breakerOpen })));
  const times = (count: number, each: SourceReading) => Array.from({ length: count }, () => each);

  test('that open hold the stage at once', () => {
    const verdict = verdictOf('breaker', watch(open(true, false)));
    assert.deepEqual([verdict.kind, verdict.onBreach, verdict.detail], ['breached', 'hold', 'open on r0']);
  });

  test('that stay open on most replicas, longer than two probes take, drop the flag', () => {
    assert.equal(verdictOf('breaker', watch(...times(16, open(true, true, false)))).onBreach, 'hold');
    assert.equal(verdictOf('breaker', watch(...times(17, open(true, true, false)))).onBreach, 'off');
  });

  test('that stay open on half of the replicas hold only', () => {
    assert.equal(verdictOf('breaker', watch(...times(60, open(true, false)))).onBreach, 'hold');
  });

  test('that close between begin their patience anew', () => {
    const flapping = [...times(10, open(true)), open(false), ...times(10, open(true))];
    assert.equal(verdictOf('breaker', watch(...flapping)).onBreach, 'hold');
  });

  test('that were left open at 0 % are given their patience when a stage begins', () => {
    const { evidence, nowMs } = watch(...times(60, open(true)));
    const begun = addReading(plan, beginEvidence(plan, nowMs, 1, evidence), open(true), nowMs + SECOND);
    assert.equal(verdictOf('breaker', { evidence: begun, nowMs: nowMs + SECOND }).onBreach, 'hold');
  });

  test('seen open in two looks far apart are not taken for open between them, nor with many looks at one sample', () => {
    const { evidence, nowMs } = watch(open(true));
    const later = nowMs + 17 * SECOND;
    const seenAgain = addReading(plan, evidence, sampledAt(later, open(true)), later);
    assert.equal(verdictOf('breaker', { evidence: seenAgain, nowMs: later }).onBreach, 'hold');

    let old = evidence;
    for (let at = 1; at <= 30; at += 1) {
      old = addReading(plan, old, sampledAt(nowMs, open(true)), nowMs + at * SECOND);
    }
    assert.equal(verdictOf('breaker', { evidence: old, nowMs: nowMs + 30 * SECOND }).onBreach, 'hold');
  });

  test('seen open in five scrapes of 15 s one after the other are open for long, also where one look misses them', () => {
    let { evidence, nowMs } = watch(open(true));
    const seen: unknown[] = [];
    for (let scrape = 2; scrape <= 5; scrape += 1) {
      evidence = addReading(plan, evidence, reading([]), nowMs + 7 * SECOND);
      nowMs += 15 * SECOND;
      evidence = addReading(plan, evidence, sampledAt(nowMs, open(true)), nowMs);
      seen.push(verdictOf('breaker', { evidence, nowMs }).onBreach);
    }
    assert.deepEqual(seen, ['hold', 'hold', 'hold', 'off']);
  });

  test('that nobody reports are not taken for closed', () => {
    assert.equal(verdictOf('breaker', watch(open(undefined))).kind, 'no-data');
  });
});

describe('restarts', () => {
  /** When the process of each replica began, in seconds after midnight. */
  const began = (...startedAt: readonly (number | undefined)[]) =>
    reading(startedAt.map((each, at) => replicaReading({ replica: `r${at}`, startedAtMs: each && each * SECOND })));
  const restarts = (...looks: readonly SourceReading[]) => verdictOf('restarts', watch(...looks));

  test('of one replica, again and again, drop the flag and name it with the times', () => {
    const { kind, onBreach, value, detail } = restarts(began(1, 1), began(2, 1), began(3, 1), began(64, 1));
    assert.deepEqual([kind, onBreach, value], ['breached', 'off', 3]);
    assert.equal(detail, 'r0 restarted 3 times, at 00:00:02, 00:00:03, 00:01:04 UTC');
  });

  test('of a deploy that begins every process once at its address hold, and drop nothing', () => {
    const { kind, onBreach, detail } = restarts(began(1, 1, 1, 1), began(2, 2, 2, 2));
    assert.deepEqual([kind, onBreach], ['breached', 'hold']);
    assert.match(detail, /^r0 restarted at 00:00:02 UTC; r1 restarted at 00:00:02 UTC; r2/);
  });

  test('that are no more than two are reported, and hold nothing', () => {
    const { kind, detail } = restarts(began(1, 1), began(2, 1));
    assert.deepEqual([kind, detail], ['healthy', 'r0 restarted at 00:00:02 UTC']);
  });

  test('are none where pods at new addresses take the place of others, in whatever number', () => {
    const named = (name: string, startedAtMs: number) => replicaReading({ replica: name, startedAtMs });
    const looks = Array.from({ length: 20 }, (_, at) =>
      reading([named(`pod-${at}`, at), named(`pod-${at + 1}`, at + 1)]),
    );
    assert.equal(restarts(...looks).kind, 'healthy');
  });

  test('from before the stage, or a window ago, do not count', () => {
    const { evidence, nowMs } = watch(began(1), began(2), began(3), began(4));
    const begun = addReading(plan, beginEvidence(plan, nowMs, 1, evidence), began(4), nowMs + SECOND);
    assert.equal(verdictOf('restarts', { evidence: begun, nowMs: nowMs + SECOND }).kind, 'healthy');
    const later = nowMs + 15 * 60 * SECOND;
    const long = addReading(plan, evidence, began(4), later);
    assert.equal(verdictOf('restarts', { evidence: long, nowMs: later }).kind, 'healthy');
  });

  test('that were seen stay a breach where the source fails afterwards', () => {
    assert.equal(restarts(began(1), began(2), began(3), began(4), FAILED).kind, 'breached');
    assert.equal(restarts(began(1), began(2), began(3), began(4), reading([])).kind, 'breached');
  });

  test('of a whole fleet name five replicas, and of one that goes on the last five times', () => {
    const fleet = (at: number) => began(...Array.from({ length: 20 }, () => at));
    assert.match(restarts(fleet(1), fleet(2)).detail, /; r4 restarted at 00:00:02 UTC; and 15 more$/);
    const looks = Array.from({ length: 10 }, (_, at) => began(at + 1));
    assert.match(restarts(...looks).detail, /^r0 restarted 9 times, last at 00:00:06, .*00:00:10 UTC$/);
  });

  test('are none where an address is used again by another pod, long after the one before has ended', () => {
    let evidence = beginEvidence(plan, BEGAN_MS, 1);
    let nowMs = BEGAN_MS;
    for (let pod = 1; pod <= 5; pod += 1) {
      evidence = addReading(plan, evidence, sampledAt(nowMs, began(pod)), nowMs);
      nowMs += 6.5 * 60 * SECOND;
      evidence = addReading(plan, evidence, reading([]), nowMs);
    }
    evidence = addReading(plan, evidence, sampledAt(nowMs, began(6)), nowMs);
    assert.deepEqual(verdictOf('restarts', { evidence, nowMs }).value, 0);
  });

  test('that nobody reports are not taken for none', () => {
    assert.equal(restarts(began(undefined)).kind, 'no-data');
  });

  test('have the limit and the answer of a guard that the plan has for them', () => {
    const own = parsePlan(`
rollout: violation-status
flag: some-flag
stages: [{ percent: 25, observe: 5m }]
guards:
  - { name: errors, measure: error-rate, limit: 1%, onBreach: off }
  - { name: crashes, measure: restarts, limit: 0, onBreach: previous }
`);
    const begun = addReading(own, beginEvidence(own, BEGAN_MS, 1), began(1), BEGAN_MS + SECOND);
    const after = addReading(own, begun, began(2), BEGAN_MS + 2 * SECOND);
    const verdicts = judge(own, 'scrape', after, BEGAN_MS + 2 * SECOND);
    assert.deepEqual(verdicts.map(({ guard, kind, onBreach }) => [guard, kind, onBreach]).slice(1), [
      ['crashes', 'breached', 'previous'],
      ['breaker', 'healthy', 'off'],
    ]);
  });
});

describe('a histogram without the bound of a guard', () => {
  const without = (domain: Counted) => {
    const counters = pathCounters(domain);
    const atMost = new Map(Array.from(counters.duration.atMost).filter(([bound]) => bound !== 0.2));
    return replicaReading({ replica: 'new', domain: { ...counters, duration: { ...counters.duration, atMost } } });
  };
  const beside = (ok: number, ...others: ReturnType<typeof without>[]) =>
    reading([replicaReading({ domain: pathCounters({ ok }) }), ...others]);

  test('makes the guard unknown while it lasts, and not for the rest of the stage', () => {
    const looks = [beside(0), beside(60, without({})), beside(120, without({ ok: 5 }))];
    const verdict = verdictOf('p95', watch(...looks));
    assert.deepEqual(
      [verdict.kind, verdict.detail],
      ['source-error', 'the histogram of new has no bound at 200ms: choose a limit that is one'],
    );
    const after = Array.from({ length: 12 }, (_, at) => beside(180 + 10 * at));
    assert.equal(verdictOf('p95', watch(...looks, ...after)).kind, 'healthy');
  });

  test('does not hide what the replicas with the bound report', () => {
    const slow = reading([replicaReading({ domain: pathCounters({ ok: 40, slow: 40 }) }), without({ ok: 5 })]);
    assert.equal(verdictOf('p95', watch(beside(0, without({})), slow)).kind, 'breached');
  });
});

describe('a histogram whose bounds differ for a while', () => {
  const otherBounds = (ok: number) => ({
    ...pathCounters({ ok }),
    duration: {
      count: ok,
      sumSeconds: ok * 0.05,
      atMost: new Map([
        [0.01, 0],
        [0.5, ok],
        [Number.POSITIVE_INFINITY, ok],
      ]),
    },
  });
  const beside = (ok: number, ...others: ReplicaReading[]) =>
    reading([replicaReading({ domain: pathCounters({ ok }) }), ...others]);
  const older = (ok: number) => replicaReading({ replica: 'old', domain: otherBounds(ok) });

  test('is no reason to take the requests of the others for slow ones afterwards', () => {
    const looks = [beside(0, older(0)), beside(60, older(60)), beside(120)];
    assert.deepEqual(
      [verdictOf('p95', watch(...looks)).kind, verdictOf('p95', watch(...looks)).samples],
      ['healthy', 120],
    );
  });

  test('nor for a plain limit to be breached', () => {
    const plain = parsePlan(`
rollout: violation-status
flag: some-flag
stages: [{ percent: 25, observe: 5m }]
guards: [{ name: p95, measure: latency-p95, limit: 200ms, window: 10s, onBreach: off, test: threshold }]
minSamples: 50
`);
    let [evidence, nowMs] = [beginEvidence(plain, BEGAN_MS, 1), BEGAN_MS];
    const kinds = [beside(0, older(0)), beside(60, older(60)), beside(120)].map((each) => {
      nowMs += SECOND;
      evidence = addReading(plain, evidence, sampledAt(nowMs, each), nowMs);
      return judge(plain, 'scrape', evidence, nowMs)[0]?.kind;
    });
    assert.deepEqual(kinds, ['no-data', 'source-error', 'healthy']);
  });

  test('in one process, from one look to the next, does not hide its slow requests', () => {
    const before = replicaReading({ domain: otherBounds(1_000) });
    const seen = watch(reading([before]), look({ ok: 1_040, slow: 40 }));
    const verdict = verdictOf('p95', seen);
    assert.deepEqual([verdict.kind, verdict.samples], ['too-few-samples', 0]);
  });

  test('leaves no baseline of legacy that lacks bounds', () => {
    const current = (ok: number) => replicaReading({ legacy: pathCounters({ ok }) });
    const other = (ok: number) => replicaReading({ replica: 'old', legacy: otherBounds(ok) });
    const { evidence } = watch(
      reading([current(0)]),
      reading([current(200)]),
      reading([current(200), other(0)]),
      reading([current(300), other(300)]),
    );
    assert.ok(evidence.legacyBaseline?.atMost.has(0.2));
  });
});

describe('evidence at 0 %', () => {
  const anHourOf = (okASecond: number) =>
    watch(...Array.from({ length: 3_600 }, (_, at) => look({}, { legacy: pathCounters({ ok: okASecond * (at + 1) }) })))
      .evidence;

  test('keeps no more of legacy than a window, where that has enough samples to compare with', () => {
    const { spans, legacyBaseline } = anHourOf(40);
    assert.ok(spans.length <= 60, `${spans.length} spans are kept`);
    assert.ok((legacyBaseline?.ok ?? 0) >= 50);
  });

  test('keeps as much as has enough samples where legacy is quiet', () => {
    const { legacyBaseline } = anHourOf(1);
    assert.ok((legacyBaseline?.ok ?? 0) >= 50);
  });
});
