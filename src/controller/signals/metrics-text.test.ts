import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { systemClock as clock } from '../../kit/time.ts';
import type { ReplicaReading } from '../../rollout/reading.ts';
import { createPathMetrics, registerServedGauges } from '../../routing/metrics.ts';
import { parseMetrics } from './metrics-text.ts';

const ROLLOUT = 'violation-status';

/** What the service itself exports, and the consistency checks it will. */
async function servicePage(rollout = ROLLOUT): Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = createPathMetrics({ registry, rollout, clock });
  registerServedGauges(
    { registry, rollout, clock },
    { flagsReceivedAt: () => undefined, percent: async () => 25, breaker: { state: () => 'half-open' } },
  );
  const checks = new Counter({
    name: 'sluice_consistency_checks_total',
    help: 'Checks.',
    labelNames: ['rollout', 'field', 'result'],
    registers: [registry],
  });
  for (const field of ['status', 'notes']) {
    checks.inc({ rollout, field, result: 'match' }, 40);
    checks.inc({ rollout, field, result: 'mismatch' }, 3);
  }
  await metrics.measure(
    'domain',
    () => 'ok',
    async () => {},
  );
  await metrics.measure(
    'domain',
    () => 'rejected',
    async () => {},
  );
  await metrics
    .measure(
      'legacy',
      () => 'ok',
      () => Promise.reject(new Error('no')),
    )
    .catch(() => {});
  return registry.metrics();
}

const page = await servicePage();
const parse = (text: string, rollout = ROLLOUT) => parseMetrics(text, rollout, 'a:1', 1_000);

function readingOf(text: string, rollout?: string): ReplicaReading {
  const parsed = parse(text, rollout);
  assert.equal(parsed.kind, 'read', JSON.stringify(parsed));
  return (parsed as { reading: ReplicaReading }).reading;
}
const detailOf = (text: string): string => (parse(text) as { detail: string }).detail;
/** The page with one of its lines changed; fails where there is no such line. */
function withLine(start: string, change: (line: string) => string): string {
  const line = page.split('\n').find((each) => each.startsWith(start));
  assert.ok(line !== undefined, start);
  return page.replace(`${line}\n`, change(line));
}
const valued = (value: string) => (line: string) => `${line.slice(0, line.lastIndexOf(' '))} ${value}\n`;

test('reads what the service exports', () => {
  const reading = readingOf(page);
  assert.equal(reading.replica, 'a:1');
  assert.equal(reading.atMs, 1_000);
  assert.equal(reading.servedPercent, 25);
  assert.equal(reading.breakerOpen, true);
  assert.equal(reading.mismatches, 6);
  assert.ok(Math.abs((reading.startedAtMs ?? 0) - (Date.now() - process.uptime() * 1_000)) < 2_000);
  const { domain, legacy } = reading;
  assert.deepEqual([domain?.ok, domain?.rejected, domain?.error, domain?.duration.count], [1, 1, 0, 2]);
  assert.deepEqual([legacy?.ok, legacy?.rejected, legacy?.error, legacy?.duration.count], [0, 0, 1, 1]);
  assert.equal(domain?.duration.atMost.get(0.2), 2);
  assert.equal(domain?.duration.atMost.get(Number.POSITIVE_INFINITY), 2);
});

test('reads nothing of another rollout', async () => {
  assert.match(detailOf(await servicePage('another')), /no usable metrics of rollout violation-status/);
});

for (const [what, start, part] of [
  [
    'a count of outcomes',
    'sluice_path_requests_total{rollout="violation-status",path="domain",outcome="error"',
    'domain',
  ],
  ['the sum of durations', 'sluice_path_duration_seconds_sum{rollout="violation-status",path="domain"', 'domain'],
  ['the number of durations', 'sluice_path_duration_seconds_count{rollout="violation-status",path="legacy"', 'legacy'],
  [
    'the last bucket',
    'sluice_path_duration_seconds_bucket{le="+Inf",rollout="violation-status",path="domain"',
    'domain',
  ],
  ['the percent', 'sluice_flag_percent{', 'servedPercent'],
  ['the breaker', 'sluice_breaker_open{', 'breakerOpen'],
  [
    'a field of mismatches',
    'sluice_consistency_checks_total{rollout="violation-status",field="notes",result="mismatch"',
    'mismatches',
  ],
  ['the process start', 'process_start_time_seconds', 'startedAtMs'],
] as const) {
  test(`does not take NaN for a number: ${what}`, () => {
    for (const nothing of ['NaN', 'nan', '+Inf', '-1']) {
      assert.equal(readingOf(withLine(start, valued(nothing)))[part], undefined, nothing);
    }
  });
}

test('does not take for the process start what is later than any date', () => {
  const text = withLine('process_start_time_seconds', valued('1e13'));
  assert.equal(readingOf(text).startedAtMs, undefined);
});

test('does not take an absent series for 0', () => {
  const reading = readingOf(`sluice_flag_percent{rollout="${ROLLOUT}"} 5\n`);
  const { legacy, domain, breakerOpen, mismatches, startedAtMs } = reading;
  assert.deepEqual([legacy, domain, breakerOpen, mismatches, startedAtMs], Array(5).fill(undefined));
  for (const line of page.split('\n').filter((each) => /^sluice_path_(req|dur).*"domain".*/.test(each))) {
    const { domain: known } = readingOf(page.replace(`${line}\n`, ''));
    // One bound of many may be absent; then the path has no count at it.
    assert.ok(known === undefined || !known.duration.atMost.has(Number(/le="([^"]*)"/.exec(line)?.[1])), line);
  }
  const withoutMismatches = page.replaceAll(/^.*result="mismatch".*\n/gm, '');
  assert.equal(readingOf(withoutMismatches).mismatches, undefined);
});

test('reads a percent only where it is a whole one from 0 to 100', () => {
  for (const value of ['101', '-1', '2.5', '1e9']) {
    assert.equal(readingOf(withLine('sluice_flag_percent{', valued(value))).servedPercent, undefined, value);
  }
  assert.equal(readingOf(withLine('sluice_flag_percent{', valued('1e2'))).servedPercent, 100);
});

test('reads blanks, escapes, other orders of labels, line ends of Windows and times', () => {
  const rollout = 'a "b"\\\n}, c=';
  const text = '\t sluice_flag_percent \t{ x="\\\\", rollout = "a \\"b\\"\\\\\\n}, c=" , } +5.0 \t900 \r\n';
  const reading = readingOf(`# a comment\n\n${text}`, rollout);
  assert.equal(reading.servedPercent, 5);
  assert.equal(reading.atMs, 900, 'the time that the line itself gives');
});

for (const [what, line, message] of [
  ['no value', 'sluice_flag_percent', /has no value/],
  ['labels without an end', 'sluice_flag_percent{rollout="violation-status" 5', /labels that are not/],
  ['an open quote', 'sluice_flag_percent{rollout="violation-status} 5', /labels that are not/],
  ['a label without quotes', 'sluice_flag_percent{rollout=violation-status} 5', /labels that are not/],
  ['a label given twice', 'sluice_flag_percent{rollout="a",rollout="violation-status"} 5', /label rollout twice/],
  ['two points in its number', 'sluice_flag_percent{rollout="violation-status"} 1.2.3', /no number/],
  ['a word as its number', 'sluice_flag_percent{rollout="violation-status"} many', /no number/],
  ['more after its number', 'sluice_flag_percent{rollout="violation-status"} 1 2 3', /no number/],
  ['too many characters', `sluice_flag_percent{rollout="${'x'.repeat(20_000)}"} 1`, /has 200\d\d characters; allowed/],
] as const) {
  test(`names the line that has ${what}, and believes nothing of its page`, () => {
    const text = `# HELP x\nother_metric 1\n${line}\n${page}`;
    assert.match(detailOf(text), /^line 3: /);
    assert.match(detailOf(text), message);
  });
}

test('does not read the digits that are left of a page that was cut off', () => {
  const cut = page.slice(
    0,
    page.indexOf('sluice_flag_percent{') + 'sluice_flag_percent{rollout="violation-status"} 2'.length,
  );
  assert.match(detailOf(cut), /the page ends within this line/);
});

test('does not mind what lines of other metrics look like', () => {
  assert.deepEqual(readingOf(`sluice_other{ 1\nhttp_x{"}\nsluice_flag_percentile{{\n}}\n${page}`), readingOf(page));
});

test('refuses a page over the limit unread', () => {
  assert.match(detailOf(page + 'x'.repeat(5_000_000)), /characters; allowed/);
});

/** All numbers of a reading, as they stand on the page. */
function numbersOf({ startedAtMs, legacy, domain, servedPercent }: ReplicaReading): number[] {
  const ofPaths = [legacy, domain].flatMap((path) =>
    path === undefined
      ? []
      : [
          path.ok,
          path.rejected,
          path.error,
          path.duration.count,
          path.duration.sumSeconds,
          ...path.duration.atMost.values(),
        ],
  );
  const others = [servedPercent, startedAtMs === undefined ? undefined : startedAtMs / 1_000];
  return [...ofPaths, ...others.filter((each) => each !== undefined)];
}

test('garbage never throws, and never gives a number that was not there', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '\n',
      '{',
      '}',
      '"',
      '\\',
      ',',
      '=',
      ' ',
      'NaN',
      '+Inf',
      '-',
      '.',
      'e9',
      '0',
      '\u0000',
      'sluice_flag_percent',
    ),
  );
  const edit = fc.record({ at: fc.nat(page.length), removed: fc.nat(60), put: piece });
  const mangled = fc
    .array(edit, { minLength: 1, maxLength: 8 })
    .map((edits) =>
      edits.reduce((text, { at, removed, put }) => text.slice(0, at) + put + text.slice(at + removed), page),
    );
  const garbage = fc.array(piece, { maxLength: 50 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.oneof(garbage, mangled), (text) => {
      const parsed = parse(text);
      if (parsed.kind === 'malformed') {
        return parsed.detail !== '';
      }
      const there = new Set(text.split(/[\s}]+/).map(Number));
      return numbersOf(parsed.reading).every((number) => Number.isFinite(number) && there.has(number));
    }),
    { numRuns: 2_000 },
  );
});

test('a hundred pages of two hundred lines cost far under a tick', () => {
  const startedAt = process.cpuUsage();
  for (let at = 0; at < 100; at += 1) {
    readingOf(page);
  }
  const { user, system } = process.cpuUsage(startedAt);
  assert.ok(user + system < 150_000, `${user + system} µs`);
});
